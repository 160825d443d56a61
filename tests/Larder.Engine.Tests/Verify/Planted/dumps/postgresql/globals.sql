--
-- PostgreSQL database cluster dump
--

\restrict w93RfHZsZybuWBu47OyXqeylPJG5fa2jTfHNIQVyLTHuV0RwoCB0Yh9a7VQFzBs

SET default_transaction_read_only = off;

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

--
-- Roles
--

CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS;

--
-- User Configurations
--








\unrestrict w93RfHZsZybuWBu47OyXqeylPJG5fa2jTfHNIQVyLTHuV0RwoCB0Yh9a7VQFzBs

--
-- PostgreSQL database cluster dump complete
--

