using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql;

/// <summary>A database with every kind of thing that a dump must carry.</summary>
internal static class FeatureDatabase
{
    /// <summary>Roles are the cluster's, so their names carry the database's.</summary>
    public static async Task MakeAsync(PostgresServer server, string database, CancellationToken cancellationToken)
    {
        await server.CreateDatabaseAsync(database, cancellationToken);
        await server.ExecuteAsync(database, Sql.Replace("@", database, StringComparison.Ordinal), cancellationToken);
    }

    private const string Sql =
        """"
        CREATE ROLE "@ owner";
        CREATE ROLE "@ reader" PASSWORD 'secret';
        GRANT "@ owner" TO "@ reader";
        COMMENT ON DATABASE @ IS 'It''s commented';
        ALTER DATABASE @ SET search_path = public, odd;

        CREATE EXTENSION pgcrypto;
        CREATE EXTENSION hstore;
        CREATE EXTENSION file_fdw;

        CREATE SCHEMA odd AUTHORIZATION "@ owner";
        CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s great');
        CREATE TYPE point3 AS (x float8, y float8, z float8);
        CREATE DOMAIN positive AS int CHECK (value > 0);

        CREATE TABLE people (
            id bigint GENERATED ALWAYS AS IDENTITY (START 100) PRIMARY KEY,
            name text NOT NULL COLLATE "C",
            born date,
            mood mood DEFAULT 'ok',
            full_name text GENERATED ALWAYS AS ('Dr. ' || name) STORED,
            tags text[],
            attributes hstore,
            document jsonb,
            place point3,
            picture bytea,
            price numeric(12, 3) CHECK (price >= 0),
            seen timestamptz DEFAULT now(),
            span tstzrange,
            weight positive,
            double float8
        );
        COMMENT ON TABLE people IS E'People\nand their \'things\'';
        COMMENT ON COLUMN people.name IS 'Naïve ünïcödé';
        INSERT INTO people (name, born, mood, tags, attributes, document, place, picture, price, span, weight, double)
            SELECT 'name ' || n || E'\t\\\n\r\b\f\v' || chr(9731), CASE WHEN n % 7 > 0 THEN date '2000-01-01' + n END,
                (enum_range(NULL::mood))[1 + n % 3], CASE WHEN n % 5 > 0 THEN ARRAY['a' || n, NULL, 'b"c,\'] END,
                hstore('k' || n, 'v'), jsonb_build_object('n', n, 'list', jsonb_build_array(1, NULL, 'x')), ROW(n, 0.1 * n, -n)::point3,
                decode(md5(n::text), 'hex'), n / 7.0, tstzrange('2020-01-01', '2021-01-01'), n,
                CASE WHEN n % 11 = 0 THEN 'NaN' ELSE n / 3.0 END
            FROM generate_series(1, 3000) n;
        INSERT INTO people (name) VALUES (''), (E'\\.'), (E'\\N');
        CREATE INDEX people_tags ON people USING gin (tags);
        CREATE UNIQUE INDEX people_lower ON people (lower(name), born) WHERE born IS NOT NULL;
        CREATE INDEX ON people USING brin (seen);
        CREATE STATISTICS people_stat (dependencies) ON name, born FROM people;

        CREATE TABLE big (n int PRIMARY KEY, filling text);
        INSERT INTO big SELECT n, repeat(md5(n::text), 8) FROM generate_series(1, 4000) n;
        INSERT INTO big SELECT 0, string_agg(md5(n::text), '') FROM generate_series(1, 30000) n;

        CREATE TABLE measures (at timestamptz NOT NULL, value float8) PARTITION BY RANGE (at);
        CREATE TABLE measures_2023 PARTITION OF measures FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
        CREATE TABLE measures_2024 PARTITION OF measures FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY HASH (value);
        CREATE TABLE measures_2024_0 PARTITION OF measures_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE measures_2024_1 PARTITION OF measures_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        CREATE TABLE measures_rest PARTITION OF measures DEFAULT;
        INSERT INTO measures SELECT timestamptz '2022-06-01' + n * interval '1 day', n FROM generate_series(1, 1200) n;

        CREATE TABLE parent (a int);
        CREATE TABLE child (b int) INHERITS (parent);
        INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2, 3);
        CREATE UNLOGGED TABLE unlogged (a int);
        INSERT INTO unlogged SELECT generate_series(1, 10);
        CREATE TABLE no_columns ();
        INSERT INTO no_columns DEFAULT VALUES; INSERT INTO no_columns DEFAULT VALUES;
        CREATE TABLE empty (a int, b text);

        CREATE TABLE circle_a (id int PRIMARY KEY, b int);
        CREATE TABLE circle_b (id int PRIMARY KEY, a int REFERENCES circle_a);
        ALTER TABLE circle_a ADD FOREIGN KEY (b) REFERENCES circle_b DEFERRABLE INITIALLY DEFERRED;
        INSERT INTO circle_a VALUES (1, NULL); INSERT INTO circle_b VALUES (1, 1); UPDATE circle_a SET b = 1;

        CREATE TABLE odd."größe ""x"".y
        2" ("naïve 'col'" text, "select" int, "€" int);
        INSERT INTO odd."größe ""x"".y
        2" VALUES ('ö', 1, 2), (NULL, NULL, NULL);
        ALTER TABLE odd."größe ""x"".y
        2" OWNER TO "@ owner";

        CREATE SEQUENCE odd.counter AS smallint INCREMENT 5 MINVALUE -10 START 20 CYCLE;
        SELECT nextval('odd.counter'), nextval('odd.counter');

        CREATE VIEW adults AS SELECT id, name FROM people WHERE born < '2003-01-01' WITH CHECK OPTION;
        CREATE MATERIALIZED VIEW by_mood AS SELECT mood, count(*) FROM people GROUP BY mood;
        CREATE MATERIALIZED VIEW by_year AS SELECT extract(year FROM born) FROM people WITH NO DATA;
        CREATE UNIQUE INDEX ON by_mood (mood);

        CREATE TABLE secrets (owner text, secret text);
        INSERT INTO secrets SELECT 'a', md5(n::text) FROM generate_series(1, 50) n;
        ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON secrets FOR SELECT USING (owner = current_user);

        CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
        CREATE FOREIGN TABLE passwd (line text) SERVER files OPTIONS (filename '/etc/passwd');
        CREATE USER MAPPING FOR "@ owner" SERVER files;

        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.seen = now(); RETURN NEW; END $$;
        CREATE TRIGGER people_touch BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION touch();
        CREATE PROCEDURE nothing() LANGUAGE sql AS $$ SELECT 1 $$;
        CREATE AGGREGATE product (int) (SFUNC = int4mul, STYPE = int, INITCOND = '1');
        CREATE RULE no_delete AS ON DELETE TO empty DO INSTEAD NOTHING;
        CREATE PUBLICATION everything FOR ALL TABLES;
        CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple);
        CREATE CAST (int AS mood) WITH INOUT;
        CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);

        GRANT SELECT ON people TO "@ reader";
        GRANT UPDATE (name) ON people TO "@ reader" WITH GRANT OPTION;
        GRANT USAGE ON SCHEMA odd TO "@ reader";
        REVOKE EXECUTE ON FUNCTION touch() FROM PUBLIC;
        ALTER DEFAULT PRIVILEGES IN SCHEMA odd GRANT SELECT ON TABLES TO "@ reader";

        SELECT lo_from_bytea(70001, 'a large object');
        SELECT lo_from_bytea(70002, decode(repeat('00ff', 300000), 'hex'));
        SELECT lo_from_bytea(70003, '');
        SELECT lo_from_bytea(3000000000::oid, 'high');
        COMMENT ON LARGE OBJECT 70001 IS 'commented';
        ALTER LARGE OBJECT 70002 OWNER TO "@ owner";
        GRANT SELECT ON LARGE OBJECT 70001 TO "@ reader";
        """";
}
