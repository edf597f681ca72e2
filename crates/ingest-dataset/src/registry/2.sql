-- Files of web servers: what the server tells this version of the file by, its ETag or time of change.
ALTER TABLE files ADD COLUMN validator TEXT;
