/** A process of its own that starts a stack, says what it started, and waits: to be stopped or killed by a test. */
import { stack } from "#src/devstack/stack.ts"

const servers = await stack(process.argv[2]!, { fast: true, say: () => {} })
console.log(JSON.stringify(Object.values(servers.servers).map((server) => server.pid)))
setInterval(() => {}, 1000)
