\set ON_ERROR_STOP on
-- knowledge_base
SELECT 'CREATE ROLE knowledge_base LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'knowledge_base') \gexec
GRANT rds_iam TO knowledge_base;
SELECT 'CREATE ROLE kb_app LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kb_app') \gexec
GRANT rds_iam TO kb_app;
GRANT kb_app TO knowledge_base WITH ADMIN OPTION;
GRANT knowledge_base TO CURRENT_USER;
SELECT 'CREATE DATABASE knowledge_base OWNER knowledge_base' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'knowledge_base') \gexec
REVOKE CONNECT, TEMPORARY ON DATABASE knowledge_base FROM PUBLIC;
GRANT CONNECT ON DATABASE knowledge_base TO kb_app;
\connect knowledge_base
CREATE EXTENSION IF NOT EXISTS vector;
ALTER EXTENSION vector UPDATE;
\connect platform
-- settings
SELECT 'CREATE ROLE settings LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'settings') \gexec
GRANT rds_iam TO settings;
GRANT settings TO CURRENT_USER;
SELECT 'CREATE DATABASE settings OWNER settings' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'settings') \gexec
REVOKE CONNECT, TEMPORARY ON DATABASE settings FROM PUBLIC;
