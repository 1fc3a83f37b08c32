#!lua
--@include commit/batch
