using Larder.Sources.Native;
using Larder.Sources.Sqlite;

namespace Larder.Sources.Tests.Sqlite;

/// <summary>Real databases for tests.</summary>
internal static class TestDatabase
{
    public static void Execute(string path, params ReadOnlySpan<string> statements)
    {
        using var connection = Sqlite3Connection.Create(path);
        foreach (var statement in statements)
        {
            connection.Execute(statement);
        }
    }

    public static long Query(string path, string sql)
    {
        using var connection = Sqlite3Connection.Open(path);
        return connection.QueryInt64(sql);
    }

    /// <summary>An application that was killed: its database and log as they lay there, with no process behind them.</summary>
    public static void CopyAsLeftByACrash(string path, string to)
    {
        foreach (var suffix in new[] { "", "-wal", "-journal" })
        {
            if (File.Exists(path + suffix))
            {
                File.Copy(path + suffix, to + suffix);
            }
        }
    }

    /// <summary>Backs up as the engine does, into a file.</summary>
    public static async Task<SourceOutcome> BackUpAsync(SqliteSource source, string to, CancellationToken cancellationToken)
    {
        await using var session = await source.OpenAsync(cancellationToken);
        await foreach (var entry in session.ReadEntriesAsync(cancellationToken))
        {
            await using var content = await entry.OpenContent!(cancellationToken);
            await using var file = File.Create(to);
            await content.CopyToAsync(file, cancellationToken);
            Assert.Equal((long)entry.Attributes.SizeBytes, file.Length);
        }
        return await session.CompleteAsync(cancellationToken);
    }
}
