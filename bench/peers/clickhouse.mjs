// ClickHouse in the process (chdb): the files as JSON of one column, Records, an array of tuples of the wanted fields, into a
// MergeTree table ordered by (eventTime, eventID), strings that repeat as LowCardinality.
//
// Large files go through it block by block. A file is never less than one block, though, and forty thousand blocks of nine
// rows cost ClickHouse ten times what their bytes cost; small files are therefore read as they are, gathered by a GROUP BY
// over their path, which makes full blocks of them, and taken apart by JSONExtract. README.md has the figures of all the ways
// that were tried.

import { createRequire } from 'node:module';
import { main } from './common.mjs';

const { Session } = createRequire(import.meta.url)('chdb');

const record = `Tuple(eventTime String, eventID String, eventSource String, eventName String, awsRegion String,
        sourceIPAddress String, userAgent String, errorCode String, errorMessage String, readOnly Nullable(Bool),
        recipientAccountId String, responseElements Tuple(ConsoleLogin String),
        userIdentity Tuple(type String, principalId String, arn String, accountId String, userName String,
                accessKeyId String, invokedBy String, sessionContext Tuple(sessionIssuer Tuple(arn String, userName String))))`;

const text = 'LowCardinality(String)';
const table = `CREATE TABLE bench.events (eventTime DateTime('UTC'), eventID UUID, eventSource ${text}, eventName ${text},
        awsRegion ${text}, account ${text}, sourceIPAddress ${text}, userAgent ${text}, outcome ${text}, errorCode ${text},
        errorMessage String, readOnly Nullable(Bool), identityType ${text}, arn ${text}, userName ${text}, accessKeyId ${text},
        principal ${text}, role ${text}, file ${text}, record UInt32) ENGINE = MergeTree ORDER BY (eventTime, eventID)`;

const denied = "['accessdenied','unauthorized','notauthorized','authfailure','authorizationerror','forbidden']";

const columns = `
        parseDateTimeBestEffort(r.eventTime, 'UTC'), toUUID(r.eventID), r.eventSource, r.eventName, r.awsRegion,
        r.recipientAccountId != '' ? r.recipientAccountId : u.accountId, r.sourceIPAddress, r.userAgent,
        multiIf(multiSearchAnyCaseInsensitive(r.errorCode, ${denied}), 'denied',
                r.errorCode != '' OR r.errorMessage != '', 'failure',
                r.eventName = 'ConsoleLogin' AND r.responseElements.ConsoleLogin = 'Failure', 'failure', 'success'),
        r.errorCode, r.errorMessage, r.readOnly, u.type, u.arn, u.userName, u.accessKeyId,
        multiIf(u.type IN ('AssumedRole', 'Role') AND u.sessionContext.sessionIssuer.arn != '',
                u.sessionContext.sessionIssuer.arn, u.arn != '', u.arn, u.invokedBy != '', u.invokedBy, u.principalId),
        u.sessionContext.sessionIssuer.userName, path, n`;

const timeline = `eventTime, eventID, eventSource, eventName, awsRegion, account, sourceIPAddress, userAgent, outcome, errorCode,
        errorMessage, readOnly, identityType, arn, userName, accessKeyId, principal, file, record`;

const stats = `min(eventTime) AS t, argMin(eventID, eventTime), argMin(eventName, eventTime), argMin(sourceIPAddress, eventTime),
        max(eventTime), argMax(eventID, eventTime), count() AS events, countIf(outcome = 'denied'),
        countIf(outcome = 'failure')`;

const quote = s => `'${String(s).replace(/[\\']/g, '\\$&')}'`;

const sql = {
        'first-use': key => `SELECT accessKeyId, ${stats} FROM bench.events WHERE accessKeyId = ${quote(key)}
                GROUP BY accessKeyId ORDER BY t, accessKeyId`,
        timeline: key => `SELECT ${timeline} FROM bench.events WHERE accessKeyId = ${quote(key)} ORDER BY eventTime, eventID`,
        show: (key, id) => `SELECT ${timeline} FROM bench.events WHERE eventID = ${quote(id)}`,
        top: () => `SELECT eventName, ${stats.replace('argMin(eventName, eventTime), ', '')} FROM bench.events
                GROUP BY eventName ORDER BY events DESC, eventName`,
        keys: () => `SELECT accessKeyId, ${stats} FROM bench.events WHERE accessKeyId != ''
                GROUP BY accessKeyId ORDER BY t, accessKeyId`,
        'keys-100': () => `${sql.keys()} LIMIT 100`,
        info: () => `SELECT count(), min(eventTime), max(eventTime), uniqExact(account), uniqExact(awsRegion), uniqExact(file)
                FROM bench.events`,
};

const lines = answer => answer.split('\n').filter(Boolean);

const way = meanBytes => process.env.BENCH_CLICKHOUSE ?? (meanBytes < 65536 ? 'gathered' : 'streamed');

const evidence = (glob, meanBytes) => {
        const arrays = `Array(${record})`;
        const source = way(meanBytes) === 'gathered' ?
                `SELECT JSONExtract(any(raw_blob), 'Records', '${arrays}') AS rs, _path AS path
                 FROM file('${glob}', 'RawBLOB', 'raw_blob String', 'gzip') GROUP BY _path` :
                `SELECT Records AS rs, _path AS path
                 FROM file('${glob}', 'JSONEachRow', 'Records ${arrays}', 'gzip')`;
        return `SELECT ${columns.replace(/\bu\./g, 'r.userIdentity.')} FROM (${source}) ARRAY JOIN rs AS r, range(length(rs)) AS n`;
};

await main({
        version: async () => {
                const { query } = createRequire(import.meta.url)('chdb');
                return query('SELECT version()', 'TSV').trim();
        },
        open: async db => new Session(db),
        load: async (session, glob, maxBytes, meanBytes) => {
                session.query('CREATE DATABASE IF NOT EXISTS bench ENGINE = Atomic');
                session.query(table);
                const threads = process.env.BENCH_THREADS;
                session.query(`INSERT INTO bench.events ${evidence(glob, meanBytes)}
                        SETTINGS max_insert_threads = ${threads ?? 2}${threads ? `, max_threads = ${threads}` : ''}
                        ${way(meanBytes) === 'gathered' ? ', max_block_size = 1024' : ''}`);
        },
        scan: async (session, glob, maxBytes, meanBytes, key) => lines(session.query(
                `${evidence(glob, meanBytes)} WHERE r.userIdentity.accessKeyId = ${quote(key)} ORDER BY 1, 2
                 ${way(meanBytes) === 'gathered' ? 'SETTINGS max_block_size = 1024' : ''}`, 'TSV')).length,
        count: async session => {
                const [rows, events, keyed] = session.query(
                        "SELECT count(), uniqExact(eventID), countIf(accessKeyId != '') FROM bench.events", 'TSV')
                        .trim().split('\t').map(Number);
                return { rows, events, keyed };
        },
        ask: async (session, question, key, id) => lines(session.query(sql[question](key, id), 'TSV')).length,
        close: async session => session.close(),
});
