using Larder.Sources.Tools;

namespace Larder.Sources.PostgreSql;

/// <summary>The command lines of pg_dump and pg_dumpall.</summary>
internal sealed class PostgreSqlRuns(PostgreSqlSettings settings, PostgreSqlConnection connection, PostgreSqlPlan plan, TimeProvider clock)
{
    private const string OutputBuffer = "--output=256K";

    private readonly PostgreSqlFailures failures = new(connection.Secrets, connection.ShownHost);

    /// <summary>
    /// The custom format is the only one that goes to a pipe and can be split; it is left uncompressed so that it deduplicates.
    /// </summary>
    public Task<DatabaseDump> DumpAsync(string database, CancellationToken cancellationToken)
    {
        string[] arguments = ["--format=custom", "--compress=0", .. settings.Exclude.Select(pattern => "--exclude-table=" + pattern)];
        var start = connection.Start(plan.Tools.Dump, database, $"pg_dump of {database}", arguments);
        return DatabaseDump.StartAsync(WidenOutput(start) with { Timeout = settings.Timeout }, failures, clock, cancellationToken);
    }

    /// <summary>
    /// pg_dump writes to a pipe in pieces of 4 KiB, and each wakes somebody: 230,000 times a GB. With the C library's buffer made larger
    /// (stdbuf, of coreutils, which then becomes pg_dump) it is 4,000.
    /// </summary>
    private static ToolStart WidenOutput(ToolStart start) => ProgramPath.Find("stdbuf") is { } stdbuf
        ? start with { Program = stdbuf, Arguments = [OutputBuffer, start.Program, .. start.Arguments] }
        : start;

    public GlobalsDump DumpGlobals()
    {
        // pg_dumpall has an option of its own for where to connect first, and would otherwise insist on "postgres".
        string[] arguments = ["--globals-only", "--database=" + PostgreSqlConnection.DescribeDatabase(plan.Server.DatabaseName)];
        arguments = plan.Server.ReadsPasswords ? arguments : [.. arguments, "--no-role-passwords"];
        var start = connection.Start(plan.Tools.DumpAll, null, "pg_dumpall of roles and tablespaces", arguments);
        return GlobalsDump.Start(start with { Timeout = settings.Timeout }, failures, clock);
    }
}
