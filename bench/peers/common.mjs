// What the node peers share: how they are called, and what they print.
//
//   node PEER.mjs version
//   node PEER.mjs load   EVIDENCE DB MAX-JSON-BYTES MEAN-JSON-BYTES
//   node PEER.mjs scan   EVIDENCE MAX-JSON-BYTES MEAN-JSON-BYTES KEY    what KEY did, from the evidence as it stands, no table
//   node PEER.mjs count  DB                              what it holds, to see that nothing was lost
//   node PEER.mjs query  DB QUESTION KEY EVENT-ID        one question in a whole process
//   node PEER.mjs warm   DB RUNS KEY EVENT-ID            every question, RUNS times each, in one process
//
// Each prints one line of JSON. `seconds` in `load` is taken inside the process: without the start of node and of the engine.
// BENCH_THREADS limits the threads of `load`.

export const questions = ['first-use', 'timeline', 'show', 'top', 'info', 'keys-100', 'keys'];

const seconds = since => Number(process.hrtime.bigint() - since) / 1e9;

const median = list => {
        const sorted = [...list].sort((a, b) => a - b);
        return (sorted[sorted.length >> 1] + sorted[(sorted.length - 1) >> 1]) / 2;
};

export async function main(peer) {
        const [command, ...args] = process.argv.slice(2);
        let answer;

        if (command === 'version') {
                answer = { version: await peer.version() };
        } else if (command === 'load') {
                const [evidence, db, maxBytes, meanBytes] = args;
                const session = await peer.open(db);
                const start = process.hrtime.bigint();
                await peer.load(session, `${evidence}/**/*.json.gz`, Number(maxBytes), Number(meanBytes));
                answer = { seconds: seconds(start) };
                await peer.close(session);
        } else if (command === 'scan') {
                const [evidence, maxBytes, meanBytes, key] = args;
                const session = await peer.open(undefined);
                answer = { rows: await peer.scan(session, `${evidence}/**/*.json.gz`, Number(maxBytes), Number(meanBytes), key) };
                await peer.close(session);
        } else if (command === 'count') {
                const session = await peer.open(args[0]);
                answer = await peer.count(session);
                await peer.close(session);
        } else if (command === 'query') {
                const [db, question, key, id] = args;
                const session = await peer.open(db);
                answer = { rows: await peer.ask(session, question, key, id) };
                await peer.close(session);
        } else if (command === 'warm') {
                const [db, runs, key, id] = args;
                const session = await peer.open(db);
                answer = {};
                for (const question of questions) {
                        const times = [];
                        for (let i = 0; i <= Number(runs); i++) {
                                const start = process.hrtime.bigint();
                                await peer.ask(session, question, key, id);
                                if (i > 0)
                                        times.push(seconds(start));
                        }
                        answer[question] = median(times);
                }
                await peer.close(session);
        } else {
                console.error('usage: see common.mjs');
                process.exit(2);
        }
        console.log(JSON.stringify(answer));
}
