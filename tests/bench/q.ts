import { throwAwayStack } from "#src/devstack/throw-away.ts"
import { turns, turnsAlone } from "./turns.ts"

const stack = await throwAwayStack({ fast: false })
console.log(await turnsAlone(stack.env.DATABASE_URL!, console.log))
console.log(await turns(stack.env.DATABASE_URL!, console.log))
await stack.stop()
