using System.Globalization;
using Larder.Sources.PostgreSql;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql;

/// <summary>An environment belongs to the whole process, so these run alone.</summary>
[CollectionDefinition("environment", DisableParallelization = true)]
public sealed class EnvironmentCollection;

[Collection("environment")]
[Trait("Kind", "server")]
public sealed class PostgreSqlEnvironmentTests(SharedPostgresServer shared) : IDisposable
{
    private readonly List<string> variables = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => variables.ForEach(name => Environment.SetEnvironmentVariable(name, null));

    [Fact]
    public async Task Without_any_setting_the_variables_of_libpq_say_where_to_connect()
    {
        var server = await shared.GetAsync(Cancellation);
        Set("PGHOST", PostgresServer.Host);
        Set("PGPORT", server.Port.ToString(CultureInfo.InvariantCulture));
        Set("PGUSER", PostgresServer.User);
        Set("PGPASSWORD", PostgresServer.Password);
        Set("PGDATABASE", "template1");
        await AssertReadsAsync(new(), "template1");
    }

    [Fact]
    public async Task A_password_file_is_read()
    {
        var server = await shared.GetAsync(Cancellation);
        await using var folder = new TemporaryFolder();
        var password = PostgresServer.Password
            .Replace("\\", "\\\\", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal);
        await WritePrivateAsync(folder["pgpass"], $"{PostgresServer.Host}:{server.Port}:*:{PostgresServer.User}:{password}\n");
        Set("PGPASSFILE", folder["pgpass"]);
        await AssertReadsAsync(
            new() { Host = PostgresServer.Host, Port = server.Port, User = PostgresServer.User, Databases = ["template1"] }, "template1");
    }

    [Fact]
    public async Task A_service_is_looked_up()
    {
        var server = await shared.GetAsync(Cancellation);
        await using var folder = new TemporaryFolder();
        await WritePrivateAsync(
            folder["services"],
            $"[journal]\nhost={server.SocketFolder}\nport={server.Port}\nuser={PostgresServer.User}\ndbname=template1\n");
        Set("PGSERVICEFILE", folder["services"]);
        Set("PGPASSWORD", PostgresServer.Password);
        await AssertReadsAsync(new() { Url = "postgresql://?service=journal" }, "template1");
    }

    private static async Task AssertReadsAsync(PostgreSqlSettings settings, string database)
    {
        await using var folder = new TemporaryFolder();
        await StoredSession.WriteAsync(settings, folder.FullPath, Cancellation);
        Assert.Equal(["globals.sql", database], folder.Names);
    }

    private static async Task WritePrivateAsync(string path, string text)
    {
        await File.WriteAllTextAsync(path, text, Cancellation);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private void Set(string name, string value)
    {
        variables.Add(name);
        Environment.SetEnvironmentVariable(name, value);
    }
}
