import { randomInt } from 'node:crypto'
import type { Block } from './status-rows.ts'

/** A place that no other token has. */
export type Place = { readonly listId: string; readonly place: number }

type Left = { readonly listId: string; readonly places: number[] }

/** Shards that a process has places of: those that expired go when a new one comes. */
const MOST_SHARDS = 1000

/**
 * Gives places in lists out of blocks that this process reserved, shuffled, so that the order of two tokens does not show. A block costs one
 * write; what is left of it when the process ends stays unused.
 */
export function createPlaceGiver(reserve: (expiresAt: number) => Promise<Block>, blockSize: number) {
  const shards = new Map<number, Left>()
  const reserving = new Map<number, Promise<void>>()

  async function fill(expiresAt: number): Promise<void> {
    const { listId, first } = await reserve(expiresAt)
    shards.set(expiresAt, { listId, places: shuffled(first, blockSize) })
    const oldest = Math.min(...shards.keys())
    if (shards.size > MOST_SHARDS) shards.delete(oldest)
  }

  return async function givePlace(expiresAt: number): Promise<Place> {
    for (;;) {
      const left = shards.get(expiresAt)
      const place = left?.places.pop()
      if (left && place !== undefined) return { listId: left.listId, place }
      // Those who find none wait for the same block; of many, some need the next.
      const filling = reserving.get(expiresAt) ?? fill(expiresAt).finally(() => reserving.delete(expiresAt))
      reserving.set(expiresAt, filling)
      await filling
    }
  }
}

function shuffled(first: number, size: number): number[] {
  const places = Array.from({ length: size }, (_, index) => first + index)
  for (let last = size - 1; last > 0; last--) {
    const other = randomInt(last + 1)
    const moved = Number(places[last])
    places[last] = Number(places[other])
    places[other] = moved
  }
  return places
}

/** When the shard of tokens that expire at `exp` ends; epoch seconds. Lists of long tokens cover days, so that there are few. */
export function shardOf(exp: number, nowSeconds: number): number {
  const width = exp - nowSeconds > DAY ? DAY : HOUR
  return Math.ceil(exp / width) * width
}

const HOUR = 3600
const DAY = 86_400
