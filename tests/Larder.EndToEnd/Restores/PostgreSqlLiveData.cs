using Larder.Testing.Servers;
using Npgsql;

namespace Larder.EndToEnd.Restores;

/// <summary>A database with tables of some size, an index, a sequence and a large object.</summary>
internal sealed class PostgreSqlLiveData : ServerLiveData
{
    private const string Content = """
        CREATE TABLE entries AS SELECT n, md5(n::text) AS text FROM generate_series(1, 20000) n;
        CREATE INDEX ON entries (text);
        CREATE TABLE places (id serial PRIMARY KEY, name text);
        INSERT INTO places (name) SELECT 'place ' || n FROM generate_series(1, 500) n;
        SELECT lo_from_bytea(4711, decode(repeat('ab', 100000), 'hex'));
        """;

    private const string Fingerprint = """
        SELECT concat_ws(' ',
            (SELECT count(*) || ':' || coalesce(sum(hashtextextended(e::text, 0)), 0) FROM entries e),
            (SELECT count(*) || ':' || coalesce(sum(hashtextextended(p::text, 0)), 0) FROM places p),
            (SELECT last_value FROM places_id_seq),
            (SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
            (SELECT md5(string_agg(data, '' ORDER BY loid, pageno)) FROM pg_largeobject))
        """;

    private readonly PostgresServer server;
    private readonly string name;

    private PostgreSqlLiveData(PostgresServer server, string name) => (this.server, this.name) = (server, name);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<PostgreSqlLiveData> CreateAsync(PostgresServer server, string name, string options = "")
    {
        await server.CreateDatabaseAsync(name, Token, options);
        await server.ExecuteAsync(name, Content, Token);
        var data = new PostgreSqlLiveData(server, name);
        await data.OpenAsync("postgresql", server.Url(name));
        return data;
    }

    public override Task ChangeAsync() => server.ExecuteAsync(
        name,
        """
        DELETE FROM entries WHERE n % 3 = 0;
        UPDATE places SET name = 'later';
        SELECT nextval('places_id_seq');
        CREATE TABLE later (a int);
        SELECT lo_put(4711, 0, 'later');
        """,
        Token);

    public override async Task<string> FingerprintAsync() => (string)(await server.ScalarAsync(name, Fingerprint, Token))!;

    /// <summary>One part, the database: half of it has another fingerprint, or lacks a table, which the server says.</summary>
    public override async Task<IReadOnlyDictionary<string, string>?> LookAsync()
    {
        try
        {
            return new Dictionary<string, string> { [name] = await FingerprintAsync() };
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.InvalidCatalogName)
        {
            return null;
        }
    }

    public override async Task<IReadOnlyList<string>> ListBesideAsync() => (string[])(await server.ScalarAsync(
        "postgres", $"SELECT coalesce(array_agg(datname::text), '{{}}') FROM pg_database WHERE datname LIKE '{name}\\_larder\\_%'", Token))!;
}
