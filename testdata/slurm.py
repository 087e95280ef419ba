#!/usr/bin/env python3
"""tools/slurm on a real Slurm: what an array of jobs makes, some of them killed and run again, is what one run makes.

    slurm.py --spoor BIN

Starts munged, slurmctld and two slurmd on this host, on ports that are free, with everything they write in a
folder of the test. Ends with status 77 (skipped) where Slurm is not installed, and where it is not run as root.
"""
import argparse
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from harness import Checks, HERE, SLOWDOWN, Spoor, seeded
import makers

NEEDED = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scontrol', 'scancel', 'sinfo']
N_SHARES = 4
SKIPPED = 77
PATIENCE = 240 * SLOWDOWN
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

CONF = """ClusterName=spoor
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={run}/munge.socket,cred_expire=3
CredType=cred/munge
StateSaveLocation={run}/state
SlurmdSpoolDir={run}/spool-%n
SlurmdPidFile={run}/slurmd-%n.pid
SlurmctldPidFile={run}/slurmctld.pid
SlurmctldPort={ports[0]}
SlurmctldLogFile={run}/slurmctld.log
SlurmdLogFile={run}/slurmd-%n.log
SlurmctldTimeout=600
SlurmdTimeout=600
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MailProg=/bin/true
ReturnToService=2
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000,sched_interval=2
SelectType=select/cons_tres
KillWait=1
JobRequeue=1
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1 RealMemory=100
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1 RealMemory=100
PartitionName=main Nodes=n1,n2 Default=YES State=UP
"""

# Stands for spoor in the jobs: the first time that shares 2 and 3 are read it stops in their midst.
WRAPPER = """#!/bin/sh
mark="{run}/tried-$SLURM_ARRAY_TASK_ID"
case $SLURM_ARRAY_TASK_ID in 2 | 3)
        if [ ! -e "$mark" ]; then
                "{spoor}" "$@" &
                kill -STOP $!
                echo $! >"$mark.part" && mv "$mark.part" "$mark"
                wait $!
                exit
        fi
esac
exec "{spoor}" "$@"
"""


def free_ports(n):
    """Ports on which nobody listens; a race with others is lost loudly, by a daemon that does not start."""
    sockets = [socket.socket() for _ in range(n)]
    for each in sockets:
        each.bind(('127.0.0.1', 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_for(what, holds):
    """Polls until HOLDS() is true; RuntimeError when that takes too long."""
    end = time.monotonic() + PATIENCE
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > end:
            raise RuntimeError(f'{what}: not within {PATIENCE:.0f} seconds')
        time.sleep(0.2)


def descendants(pid):
    """All below PID, by /proc."""
    children = {}
    for name in os.listdir('/proc'):
        if name.isdigit():
            try:
                with open(f'/proc/{name}/stat', encoding='utf-8', errors='replace') as file:
                    parent = int(file.read().rsplit(')', 1)[1].split()[1])
                children.setdefault(parent, []).append(int(name))
            except (OSError, IndexError, ValueError):
                pass
    found, front = [], [pid]
    while front:
        front = [child for parent in front for child in children.get(parent, [])]
        found += front
    return found


class Cluster:
    """munged, slurmctld and two slurmd; all that they start ends with them."""

    def __init__(self, run):
        self.run, self.daemons = run, []
        self.environment = dict(os.environ, SLURM_CONF=os.path.join(run, 'slurm.conf'), LC_ALL='C.UTF-8')
        for name in [name for name in self.environment if name.startswith(('SBATCH_', 'SLURM_')) and name != 'SLURM_CONF']:
            del self.environment[name]
        # Job steps detach from the daemons; they become children of this process instead of init's.
        self.prctl = ctypes.CDLL(None).prctl
        self.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def daemon(self, *command):
        with open(os.path.join(self.run, f'{command[0]}-{len(self.daemons)}.out'), 'wb') as out:
            self.daemons.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                                 env=self.environment, start_new_session=True,
                                                 preexec_fn=lambda: self.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)))

    def start(self):
        host = socket.gethostname().split('.')[0]
        with open(os.path.join(self.run, 'slurm.conf'), 'w', encoding='utf-8') as file:
            file.write(CONF.format(host=host, run=self.run, ports=free_ports(3)))
        for name in ('state', 'spool-n1', 'spool-n2'):
            os.mkdir(os.path.join(self.run, name))
        key = os.path.join(self.run, 'munge.key')
        with open(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'wb') as file:
            file.write(os.urandom(128))
        munge_socket = os.path.join(self.run, 'munge.socket')
        self.daemon('munged', '--foreground', '--key-file', key, '--socket', munge_socket, '--num-threads', '2',
                    '--pid-file', os.path.join(self.run, 'munged.pid'), '--log-file', os.path.join(self.run, 'munged.log'),
                    '--seed-file', os.path.join(self.run, 'munged.seed'))
        wait_for('munged', lambda: os.path.exists(munge_socket))
        conf = self.environment['SLURM_CONF']
        self.daemon('slurmctld', '-D', '-f', conf)
        self.daemon('slurmd', '-D', '-N', 'n1', '-f', conf)
        self.daemon('slurmd', '-D', '-N', 'n2', '-f', conf)
        wait_for('two idle nodes', lambda: self.ask('sinfo', '-h', '-N', '-o', '%N %T') == 'n1 idle\nn2 idle\n')

    def ask(self, *command):
        """What the command prints; None where it fails."""
        done = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        return done.stdout if done.returncode == 0 else None

    def state(self, job):
        """How it stands with a job, such as COMPLETED; '' where the controller does not say."""
        return (re.findall(r'JobState=(\S+)', self.show(job)) + [''])[0]

    def show(self, job):
        return self.ask('scontrol', 'show', 'job', job) or ''

    def stop(self):
        if self.daemons and self.ask('squeue', '-h'):
            self.ask('scancel', '--user=root', '--signal=KILL')
            self.ask('scancel', '--user=root')
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in self.daemons:
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        while left := descendants(os.getpid()):
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                except (ProcessLookupError, ChildProcessError):
                    pass

    def logs(self):
        shown = []
        for name in sorted(os.listdir(self.run)):
            if name.endswith(('.log', '.out')):
                with open(os.path.join(self.run, name), errors='replace', encoding='utf-8') as file:
                    shown += [f'{name}:'] + ['  ' + line.rstrip() for line in file.readlines()[-12:]]
        return '\n'.join(shown)


def write_evidence(rng, folder):
    """Some of it damaged, so that the jobs end with status 3; an eventID of each file stands in another too."""
    records = [makers.random_record(rng) for _ in range(600)]
    records += [makers.repeated(rng, record) for record in rng.sample(records, 60)]
    for i in range(40):
        data = makers.random_log(rng, records[i::40])
        makers.write_file(os.path.join(folder, f'd{i % 3}', f'log-{i:02}.json'), data[:-40] if i % 9 == 0 else data)
    return folder


def bytes_of(path):
    try:
        with open(path, 'rb') as file:
            return file.read()
    except FileNotFoundError:
        return None


def kill_and_requeue(cluster, checks, array):
    """Share 2 is requeued while it is read; of share 3 the program is killed, as by a lack of memory."""
    for k in (2, 3):
        mark = os.path.join(cluster.run, f'tried-{k}')
        wait_for(f'share {k} is being read', lambda mark=mark: os.path.exists(mark))
        if k == 3:
            os.kill(int(bytes_of(mark)), signal.SIGKILL)
        else:
            wait_for(f'share {k} is requeued', lambda job=f'{array}_{k}': cluster.ask('scontrol', 'requeue', job) is not None)


def has_ended(cluster, array, job, hastened):
    """The last job's state when that is final.

    Slurm holds a requeued job for two minutes; here for some seconds: the node refuses one that starts again in the
    second in which it was ended. HASTENED holds what was told so.
    """
    state = cluster.state(job)
    if state not in ('', 'PENDING', 'RUNNING', 'COMPLETING', 'REQUEUED'):
        return state
    for waiting in (f'{array}_2', f'{array}_3', job):
        shown = cluster.show(waiting)
        restarts = re.search(r'Restarts=([1-9]\d*)', shown)
        if 'JobState=PENDING' in shown and restarts and (waiting, restarts[1]) not in hastened:
            if cluster.ask('scontrol', 'update', f'JobId={waiting}', 'StartTime=now+5') is not None:
                hastened.add((waiting, restarts[1]))
    return None


def check_jobs(cluster, checks, spoor, source):
    folder = os.path.dirname(source)
    case, whole = os.path.join(folder, 'jobs.case'), os.path.join(folder, 'whole.case')
    wrapper = os.path.join(cluster.run, 'spoor')
    with open(wrapper, 'w', encoding='utf-8') as file:
        file.write(WRAPPER.format(run=cluster.run, spoor=spoor.command[-1]))
    os.chmod(wrapper, 0o755)
    submit = os.path.join(os.path.dirname(HERE), 'tools', 'slurm', 'submit')
    done = subprocess.run([submit, str(N_SHARES), case, source], capture_output=True, text=True, cwd=folder,
                          env=dict(cluster.environment, SPOOR=wrapper), timeout=PATIENCE, check=False)
    job = done.stdout.strip()
    if not checks.check('submit prints the number of the last job', done.returncode == 0 and job.isdigit(), done):
        return
    array = array_of(cluster, job)
    kill_and_requeue(cluster, checks, array)
    hastened = set()
    ended = wait_for('the last job ends', lambda: has_ended(cluster, array, job, hastened))
    checks.equal('the last job has done its work', 'COMPLETED', ended)
    for k, log in ((k, f'{case}.shares/{k}-of-{N_SHARES}.log') for k in (2, 3)):
        checks.check(f'the job of share {k} ran again', re.search(r'Restarts=[1-9]', cluster.show(f'{array}_{k}')),
                     lambda log=log: bytes_of(log))
    spoor.run('index', '-o', whole, source)
    checks.check('the case of the jobs is byte for byte that of one run',
                 bytes_of(case) is not None and bytes_of(case) == bytes_of(whole), done)
    checks.check('the log of a share names what is damaged',
                 any(b'damaged' in (bytes_of(f'{case}.shares/{k}-of-{N_SHARES}.log') or b'') for k in range(1, N_SHARES + 1)))


def array_of(cluster, job):
    """The array that JOB waits for."""
    return re.search(r'Dependency=afterany:(\d+)', cluster.show(job))[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--spoor', required=True)
    arguments = parser.parse_args()
    os.environ['PATH'] += ':/usr/sbin:/sbin'
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing or os.getuid() != 0:
        print(f'skip  slurm: {"not installed: " + ", ".join(missing) if missing else "needs root"}')
        return SKIPPED
    checks, spoor, rng = Checks('slurm'), Spoor(arguments.spoor), seeded('slurm', 6)
    # Short, as the path of a socket may have 107 bytes; open to all, as munged wants it.
    with tempfile.TemporaryDirectory(prefix='spoor-slurm-', dir='/tmp') as folder:
        os.chmod(folder, 0o755)
        cluster = Cluster(os.path.join(folder, 'run'))
        os.mkdir(cluster.run, 0o755)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        try:
            cluster.start()
            check_jobs(cluster, checks, spoor, write_evidence(rng, os.path.join(folder, 'evidence')))
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            checks.fail('the cluster does what it is asked for', error)
        finally:
            cluster.stop()
        if checks.failed:
            print(cluster.logs())
    return checks.finish()


if __name__ == '__main__':
    sys.exit(main())
