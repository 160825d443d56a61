using System.Text.Json;
using Larder.Sources.Tools;

namespace Larder.Sources.PostgreSql;

/// <summary>
/// Asks the server by psql, which connects exactly as pg_dump will: by the same variables, files and TLS settings.
/// </summary>
internal sealed class PostgreSqlQuery(PostgreSqlConnection connection, PostgreSqlFailures failures, TimeSpan? timeout, TimeProvider clock)
{
    // Lists of databases and of tables without a privilege are short.
    private const int AnswerBytesMax = 64 * 1024 * 1024;

    /// <param name="tools">Whose psql.</param>
    /// <param name="database">Null for the one that libpq finds.</param>
    /// <param name="sql">One statement that gives one JSON value.</param>
    public async Task<JsonElement> AskAsync(PostgreSqlTools tools, string? database, string sql, CancellationToken cancellationToken)
    {
        var start = connection.Start(
            tools.Query,
            database,
            "The look at the PostgreSQL server",
            "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--command", sql);
        start = start with
        {
            Timeout = timeout,
            Environment = new Dictionary<string, string>(start.Environment) { ["PGCLIENTENCODING"] = "UTF8" },
        };
        await using var process = ToolProcess.Start(start, clock);
        using var answer = new MemoryStream();
        var buffer = new byte[16 * 1024];
        await using var output = process.Output.AsStream(leaveOpen: true);
        int count;
        while ((count = await output.ReadAsync(buffer, cancellationToken)) > 0 && answer.Length < AnswerBytesMax)
        {
            answer.Write(buffer, 0, count);
        }
        await failures.CompleteAsync(process, cancellationToken);
        using var document = JsonDocument.Parse(answer.GetBuffer().AsMemory(0, (int)answer.Length));
        return document.RootElement.Clone();
    }

    /// <summary>A text as SQL, whatever the server's <c>standard_conforming_strings</c>.</summary>
    public static string Quote(string text) =>
        $"E'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";
}
