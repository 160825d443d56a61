using System.Globalization;
using Larder.Sources.Tools;
using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// The server that is restored into: where libpq found it, who we are there, and connections to it. libpq is asked once, through psql, so
/// that service files, several hosts and everything else in settings mean what they mean to PostgreSQL's own programs.
/// </summary>
internal sealed class TargetServer
{
    private readonly PostgreSqlConnection connection;
    private readonly NpgsqlConnectionStringBuilder settings;

    private TargetServer(PostgreSqlConnection connection, NpgsqlConnectionStringBuilder settings)
    {
        this.connection = connection;
        this.settings = settings;
    }

    public PostgreSqlConnection Connection => connection;

    public string Host => settings.Host!;

    /// <summary>Whether it runs on this machine, or what it is reached by does.</summary>
    public bool IsLocal =>
        Host.StartsWith('/') || Host is "localhost" or "::1" || Host.StartsWith("127.", StringComparison.Ordinal);

    public int Port => settings.Port;

    public string User => settings.Username!;

    /// <summary>Such as 15.</summary>
    public int MajorVersion { get; private set; }

    /// <summary>A database to be connected to while another one is made, renamed or dropped.</summary>
    public string MaintenanceDatabase { get; private init; } = "postgres";

    /// <summary>For people, without user and password.</summary>
    public string Show(string database) => Host.StartsWith('/')
        ? $"postgresql://{Host}/{database}"
        : string.Create(CultureInfo.InvariantCulture, $"postgresql://{Host}:{Port}/{database}");

    /// <param name="target">Where to.</param>
    /// <param name="avoided">The databases that will be replaced, which nobody may be connected to then.</param>
    /// <param name="clock">Times the programs.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<TargetServer> FindAsync(
        PostgreSqlTarget target, IReadOnlyCollection<string> avoided, TimeProvider clock, CancellationToken cancellationToken)
    {
        var connection = new PostgreSqlConnection(target.Server);
        var tools = (target.Tools ?? new PostgreSqlToolLocator()).Newest;
        SourceException? failure = null;
        foreach (var database in new[] { connection.DatabaseName, "postgres", "template1" }.Where(name => name is not null).Distinct())
        {
            if (!MayServe(database!, avoided))
            {
                continue;
            }
            try
            {
                return await FindAsync(connection, tools, target.Server.Timeout, database!, clock, cancellationToken);
            }
            catch (SourceException error) when (error.Error is SourceError.NotFound or SourceError.PermissionDenied)
            {
                failure ??= error;
            }
        }
        throw failure!;
    }

    /// <summary>Whether nobody needs to be connected to a database that will be replaced.</summary>
    public bool ServesFor(IReadOnlyCollection<string> avoided) => MayServe(MaintenanceDatabase, avoided);

    /// <summary>The connection is the caller's. Fails with <see cref="SourceException"/>.</summary>
    public Task<NpgsqlConnection> ConnectAsync(string database, CancellationToken cancellationToken) =>
        ConnectAsync(database, settings.ApplicationName!, cancellationToken);

    /// <summary>A connection beside the databases that are restored, which calls itself so to the server.</summary>
    public Task<NpgsqlConnection> ConnectForAsync(string session, CancellationToken cancellationToken) =>
        ConnectAsync(MaintenanceDatabase, session, cancellationToken);

    private async Task<NpgsqlConnection> ConnectAsync(string database, string session, CancellationToken cancellationToken)
    {
        var builder = new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Database = database, ApplicationName = session };
        var opened = new NpgsqlConnection(builder.ConnectionString);
        try
        {
            await opened.OpenAsync(cancellationToken);
            return opened;
        }
        catch (Exception error)
        {
            await opened.DisposeAsync();
            if (TargetErrors.Describe(error, $"The server at {Show(database)} cannot be connected to") is { } described)
            {
                throw described;
            }
            throw;
        }
    }

    private static bool MayServe(string database, IReadOnlyCollection<string> avoided) =>
        database == "template1" || !avoided.Contains(database);

    public Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken) => ConnectAsync(MaintenanceDatabase, cancellationToken);

    private static async Task<TargetServer> FindAsync(
        PostgreSqlConnection connection,
        PostgreSqlTools tools,
        TimeSpan? timeout,
        string database,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        const string question = "\\echo :HOST\n\\echo :PORT\n\\echo :USER\n\\echo :SERVER_VERSION_NUM\n";
        using var folder = new PipeFolder(); // Any private folder does: psql runs meta-commands from files only, several at once.
        await File.WriteAllTextAsync(folder["question"], question, cancellationToken);
        var start = connection.Start(tools.Query, database, "psql", "--no-psqlrc", "--quiet", "--file=" + folder["question"]);
        await using var process = ToolProcess.Start(start with { Timeout = timeout }, clock);
        var answer = await ReadLinesAsync(process, cancellationToken);
        try
        {
            await process.CompleteAsync(cancellationToken);
        }
        catch (SourceException error) when (error.Error == SourceError.ToolFailed)
        {
            throw TargetErrors.DescribeConnection(process.ErrorText, error);
        }
        if (answer is not [var host, var port, var user, var version, ..])
        {
            throw new SourceException(SourceError.ToolFailed, "psql did not say where it is connected to.");
        }
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = host.Length > 0 ? host : "/var/run/postgresql",
            Port = int.Parse(port, CultureInfo.InvariantCulture),
            Username = user,
            Pooling = false,
            CommandTimeout = 0,
            ApplicationName = "larder",
            IncludeErrorDetail = true,
            Enlist = false,
            // Otherwise the driver reads the whole catalog of types first, for each database anew; we use the built-in ones alone.
            ["Server Compatibility Mode"] = "NoTypeLoading",
        };
        DriverSettings.Apply(connection, settings);
        return new TargetServer(connection, settings)
        {
            MajorVersion = int.Parse(version, CultureInfo.InvariantCulture) / 10000,
            MaintenanceDatabase = database,
        };
    }

    private static async Task<string[]> ReadLinesAsync(ToolProcess process, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(process.Output.AsStream());
        return (await reader.ReadToEndAsync(cancellationToken)).Split('\n', StringSplitOptions.TrimEntries);
    }
}
