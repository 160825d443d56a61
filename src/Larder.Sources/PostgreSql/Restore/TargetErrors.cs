using System.Net.Sockets;
using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>Gives failures of the server a meaning. Statements are never shown, for they can hold passwords.</summary>
internal static class TargetErrors
{
    /// <summary>Null for failures that are not the server's.</summary>
    public static SourceException? Describe(Exception error, string what) => error switch
    {
        PostgresException said => new SourceException(Classify(said.SqlState), $"{what}: {Say(said)}", error),
        NpgsqlException or SocketException or TimeoutException => new SourceException(
            SourceError.Unreachable, $"{what}: {error.InnerException?.Message ?? error.Message}", error),
        _ => null,
    };

    /// <summary>Runs something on the server and gives its failures a meaning.</summary>
    public static async Task<T> ExplainAsync<T>(string what, Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (Exception error) when (error is NpgsqlException or SocketException or TimeoutException)
        {
            throw Describe(error, what)!;
        }
    }

    public static Task ExplainAsync(string what, Func<Task> action) => ExplainAsync(what, async () =>
    {
        await action();
        return true;
    });

    /// <summary>What psql says of a connection that fails.</summary>
    public static SourceException DescribeConnection(string said, SourceException error)
    {
        var meaning = said switch
        {
            _ when Has("password authentication failed") || Has("no password supplied") || Has("no pg_hba.conf entry")
                || Has("permission denied") || Has("is not permitted to log in") || Has("authentication failed") =>
                SourceError.PermissionDenied,
            _ when Has("database \"") && Has("does not exist") => SourceError.NotFound,
            _ => SourceError.Unreachable,
        };
        return new SourceException(meaning, $"The PostgreSQL server cannot be connected to. {said.Trim()}", error);

        bool Has(string text) => said.Contains(text, StringComparison.Ordinal);
    }

    private static SourceError Classify(string state) => state switch
    {
        "53100" => SourceError.TargetFull,
        "42501" or "28000" or "28P01" => SourceError.PermissionDenied,
        "3D000" => SourceError.NotFound,
        "42P04" => SourceError.TargetExists,
        "55006" or "55P03" => SourceError.TargetBusy,
        _ when state.StartsWith("08", StringComparison.Ordinal) || state.StartsWith("57P", StringComparison.Ordinal) =>
            SourceError.Unreachable,
        _ => SourceError.TargetFailed,
    };

    private static string Say(PostgresException said) =>
        said.MessageText
        + $"{(said.Detail is { Length: > 0 } detail && !detail.Contains("redacted", StringComparison.Ordinal) ? $" ({detail})" : "")}"
        + $"{(said.Hint is { Length: > 0 } hint ? $" ({hint})" : "")}.";
}
