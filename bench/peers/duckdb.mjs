// DuckDB: read_json with the schema given, Records unnested, into a table in a file of its own.
//
// Chosen among read_json_objects + json_transform, the formats auto, unstructured and newline_delimited, with and without
// insertion order, by the processor time they took on both corpora; README.md has the figures.

import { DuckDBInstance } from '@duckdb/node-api';
import { main } from './common.mjs';

const record = `STRUCT(
        eventTime TIMESTAMP, eventID VARCHAR, eventSource VARCHAR, eventName VARCHAR, awsRegion VARCHAR,
        sourceIPAddress VARCHAR, userAgent VARCHAR, errorCode VARCHAR, errorMessage VARCHAR, readOnly BOOLEAN,
        recipientAccountId VARCHAR, responseElements STRUCT(ConsoleLogin VARCHAR),
        userIdentity STRUCT("type" VARCHAR, principalId VARCHAR, arn VARCHAR, accountId VARCHAR, userName VARCHAR,
                accessKeyId VARCHAR, invokedBy VARCHAR,
                sessionContext STRUCT(sessionIssuer STRUCT(arn VARCHAR, userName VARCHAR))))`;

const denied = 'accessdenied|unauthorized|notauthorized|authfailure|authorizationerror|forbidden';

const columns = `
        r.eventTime, r.eventID, r.eventSource, r.eventName, r.awsRegion,
        coalesce(r.recipientAccountId, r.userIdentity.accountId) AS account, r.sourceIPAddress, r.userAgent,
        CASE WHEN r.errorCode <> '' THEN
                CASE WHEN regexp_matches(r.errorCode, '${denied}', 'i') THEN 'denied' ELSE 'failure' END
             WHEN r.errorMessage <> '' THEN 'failure'
             WHEN r.eventName = 'ConsoleLogin' AND r.responseElements.ConsoleLogin = 'Failure' THEN 'failure'
             ELSE 'success' END AS outcome,
        r.errorCode, r.errorMessage, r.readOnly,
        r.userIdentity."type" AS identityType, r.userIdentity.arn, r.userIdentity.userName, r.userIdentity.accessKeyId,
        CASE WHEN r.userIdentity."type" IN ('AssumedRole', 'Role')
                  AND r.userIdentity.sessionContext.sessionIssuer.arn IS NOT NULL
             THEN r.userIdentity.sessionContext.sessionIssuer.arn
             ELSE coalesce(r.userIdentity.arn, r.userIdentity.invokedBy, r.userIdentity.principalId) END AS principal,
        r.userIdentity.sessionContext.sessionIssuer.userName AS role,
        filename AS file, n AS record`;

const timeline = `eventTime, eventID, eventSource, eventName, awsRegion, account, sourceIPAddress, userAgent, outcome, errorCode,
        errorMessage, readOnly, identityType, arn, userName, accessKeyId, principal, file, record`;

const stats = `min(eventTime), arg_min(eventID, eventTime), arg_min(eventName, eventTime), arg_min(sourceIPAddress, eventTime),
        max(eventTime), arg_max(eventID, eventTime), count(*) AS events, count(*) FILTER (outcome = 'denied'),
        count(*) FILTER (outcome = 'failure')`;

const sql = {
        'first-use': `SELECT accessKeyId, ${stats} FROM events WHERE accessKeyId = $key GROUP BY ALL ORDER BY 2, 1`,
        timeline: `SELECT ${timeline} FROM events WHERE accessKeyId = $key ORDER BY eventTime, eventID`,
        show: `SELECT ${timeline} FROM events WHERE eventID = $id`,
        top: `SELECT eventName, ${stats} FROM events GROUP BY ALL ORDER BY events DESC, eventName`,
        keys: `SELECT accessKeyId, ${stats} FROM events WHERE accessKeyId <> '' GROUP BY ALL ORDER BY 2, 1`,
        'keys-100': `SELECT accessKeyId, ${stats} FROM events WHERE accessKeyId <> '' GROUP BY ALL ORDER BY 2, 1 LIMIT 100`,
        info: `SELECT count(*), min(eventTime), max(eventTime), count(DISTINCT account), count(DISTINCT awsRegion),
                count(DISTINCT file) FROM events`,
};

const evidence = (glob, maxBytes) => `SELECT ${columns} FROM (
        SELECT unnest(Records) AS r, unnest(range(len(Records))) AS n, filename
        FROM read_json('${glob}', columns = {Records: '${record}[]'}, format = 'newline_delimited',
                compression = 'gzip', filename = true, maximum_object_size = ${maxBytes + 1024}))`;

await main({
        version: async () => {
                const instance = await DuckDBInstance.create(':memory:');
                const connection = await instance.connect();
                const reader = await connection.runAndReadAll('SELECT version()');
                return reader.getRows()[0][0];
        },
        open: async db => {
                const instance = await DuckDBInstance.create(db ?? ':memory:');
                return { instance, connection: await instance.connect() };
        },
        load: async ({ connection }, glob, maxBytes) => {
                await connection.run('SET preserve_insertion_order = false');
                if (process.env.BENCH_THREADS)
                        await connection.run(`SET threads = ${process.env.BENCH_THREADS}`);
                await connection.run(`CREATE TABLE events AS ${evidence(glob, maxBytes)}`);
                await connection.run('CHECKPOINT');
        },
        scan: async ({ connection }, glob, maxBytes, meanBytes, key) => {
                await connection.run('SET preserve_insertion_order = false');
                const reader = await connection.runAndReadAll(`SELECT ${timeline} FROM (${evidence(glob, maxBytes)})
                        WHERE accessKeyId = $key ORDER BY eventTime, eventID`, { key });
                return reader.getRows().length;
        },
        count: async ({ connection }) => {
                const reader = await connection.runAndReadAll(
                        'SELECT count(*), count(DISTINCT eventID), count(nullif(accessKeyId, \'\')) FROM events');
                const [rows, events, keyed] = reader.getRows()[0].map(Number);
                return { rows, events, keyed };
        },
        ask: async ({ connection }, question, key, id) => {
                const named = sql[question].includes('$key') ? { key } : sql[question].includes('$id') ? { id } : undefined;
                return (await connection.runAndReadAll(sql[question], named)).getRows().length;
        },
        close: async ({ instance, connection }) => {
                connection.closeSync();
                instance.closeSync();
        },
});
