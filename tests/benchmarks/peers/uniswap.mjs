// µs a quote of Uniswap's own SDKs, as JSON, for the states on stdin. Run in a directory where they are installed.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(process.cwd() + '/')
const { Token, CurrencyAmount } = require('@uniswap/sdk-core')
const { Pair } = require('@uniswap/v2-sdk')
const { Pool, TickListDataProvider } = require('@uniswap/v3-sdk')

const given = JSON.parse(readFileSync(0))
const [a, b] = ['0x00000000000000000000000000000000000000aa', '0x00000000000000000000000000000000000000bb'].map(
  (address) => new Token(1, address, 18),
)
const median = (values) => values.sort((x, y) => x - y)[values.length >> 1]

async function micros(call, number) {
  const taken = []
  for (let run = 0; run < 6; run++) {
    const began = process.hrtime.bigint()
    for (let n = 0; n < number; n++) await call()
    if (run) taken.push(Number(process.hrtime.bigint() - began) / number / 1000) // the first warms the compiler
  }
  return median(taken)
}

const [x, y, amount] = given.v2
const pair = new Pair(CurrencyAmount.fromRawAmount(a, x), CurrencyAmount.fromRawAmount(b, y))
const paid = CurrencyAmount.fromRawAmount(a, amount)
const { sqrt_price, liquidity, tick, ticks, far } = given.v3
const provider = new TickListDataProvider(
  ticks.map(([index, gross, net]) => ({ index, liquidityGross: gross, liquidityNet: net })),
  60,
)
const pool = new Pool(a, b, 3000, sqrt_price, liquidity, tick, provider)
const much = CurrencyAmount.fromRawAmount(a, far)
console.log(
  JSON.stringify({
    v2: await micros(() => pair.getOutputAmount(paid), 2000),
    v3: await micros(() => pool.getOutputAmount(much), 20),
    v2_out: (await pair.getOutputAmount(paid))[0].quotient.toString(),
    v3_out: (await pool.getOutputAmount(much))[0].quotient.toString(),
  }),
)
