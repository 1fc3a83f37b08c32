/*
 * What each kind of user needs. The files in acl/ grant exactly this.
 */

/** What ioredis asks the nodes of a cluster besides; no other server is asked that. */
export const CLUSTER_COMMANDS: readonly string[] = words(
  "cluster|slots cluster|info asking readonly readwrite",
);

/** Of workers, and of clients: the scripts of the journal, those of BullMQ, and what both send besides. */
export const WORKER_COMMANDS: readonly string[] = words(`
  info client|setname time eval evalsha bzpopmin wait publish subscribe unsubscribe del unlink exists pexpire persist
  pttl get set incr hget hmget hgetall hset hmset hdel hexists hincrby hkeys hlen hstrlen lindex llen lpos lpush lrange lrem
  rpoplpush rpush sadd scard smembers srem xadd xtrim zadd zcard zpopmin zrange zrangebyscore zrem zremrangebyrank
  zremrangebyscore zrevrange zrevrangebyscore zscore
`).concat(CLUSTER_COMMANDS);

/** Of the board, and of the doctor. */
export const VIEWER_COMMANDS: readonly string[] = words(`
  info client|setname time eval evalsha exists get pttl type hget hmget hgetall hexists hkeys hlen hstrlen lindex
  llen lpos lrange scard sismember smembers sscan hscan xlen xrange xrevrange zcard zcount zrange zrangebyscore
  zrevrange zrevrangebyscore zscan zscore
`).concat(CLUSTER_COMMANDS);

/** Of whoever makes a run: what the script `create` takes. */
export const CREATE_COMMANDS: readonly string[] = words(
  "eval evalsha exists get hmget hset time unlink zadd",
);

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
