#!lua flags=allow-oom
-- commit, also by a server that has no memory left. For what came of effects: what leads to new ones waits until it has.
--@include commit/batch
