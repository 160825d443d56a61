using System.Collections.Concurrent;
using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>Reads restored tables back from the server: their rows counted, or all of their content as it was dumped.</summary>
internal static class ReadBack
{
    private const int PieceBytes = 256 * 1024;

    /// <summary>What pg_dump sets for itself, so that the same values give the same text.</summary>
    private const string SessionSettings =
        "SET timezone = UTC; SET datestyle = ISO; SET intervalstyle = postgres; SET extra_float_digits = 3; "
        + "SET synchronize_seqscans = off; SET statement_timeout = 0; SET lock_timeout = 0; SET row_security = off";

    /// <summary>Several tables at once, each job on a connection of its own, the largest first.</summary>
    /// <param name="known">Rows by data file, where the server has said them already; these tables are not read.</param>
    public static async Task<IReadOnlyList<EntryFacts>> ReadAsync(
        TargetServer server,
        RestoreWork work,
        string database,
        IReadOnlyDictionary<string, long> known,
        bool content,
        int jobs,
        CancellationToken cancellationToken)
    {
        var all = FindTables(work).ToLookup(table => known.ContainsKey(table.DataFile!));
        var tables = new ConcurrentQueue<TocEntry>(all[false].OrderByDescending(work.Dump.CountBytes));
        var found = new ConcurrentBag<EntryFacts>(all[true].Select(table => Describe(work, table, known[table.DataFile!], null)));
        await Task.WhenAll(Enumerable.Range(0, Math.Min(jobs, tables.Count)).Select(_ => ReadSomeAsync()));
        return [.. found.OrderBy(facts => facts.Name, StringComparer.Ordinal)];

        async Task ReadSomeAsync()
        {
            await using var connection = await server.ConnectAsync(database, cancellationToken);
            await PrepareAsync(connection, cancellationToken);
            while (tables.TryDequeue(out var table))
            {
                found.Add(await ReadTableAsync(connection, work, table, content, cancellationToken));
            }
        }
    }

    public static IEnumerable<TocEntry> FindTables(RestoreWork work) => work.Toc.Entries.Where(entry => entry.Kind == TocEntry.TableData);

    public static async Task PrepareAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SessionSettings, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async Task<EntryFacts> ReadTableAsync(
        NpgsqlConnection connection, RestoreWork work, TocEntry table, bool content, CancellationToken cancellationToken)
    {
        var name = work.Dump.NameEntry(table);
        return await TargetErrors.ExplainAsync($"The restored table {name} cannot be read back", async () =>
        {
            Fingerprint? fingerprint = content
                ? await ReadContentAsync(connection, table, work.Dump.Toc.RowEncoding, cancellationToken)
                : null;
            return Describe(work, table, fingerprint?.Rows ?? await CountAsync(connection, table, cancellationToken), fingerprint);
        });
    }

    private static EntryFacts Describe(RestoreWork work, TocEntry table, long rows, Fingerprint? fingerprint) => new()
    {
        Name = work.Dump.NameEntry(table),
        Kind = "table",
        File = $"{work.Dump.Folder}/{table.DataFile}",
        Rows = rows,
        Bytes = work.Dump.CountBytes(table),
        Fingerprint = fingerprint,
    };

    private static async Task<long> CountAsync(NpgsqlConnection connection, TocEntry table, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT pg_catalog.count(*) FROM ONLY {SqlName.Quote(table.Schema!, table.Tag!)}", connection);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task<Fingerprint> ReadContentAsync(
        NpgsqlConnection connection, TocEntry table, string? encoding, CancellationToken cancellationToken)
    {
        using var rows = new CopyText();
        using var reader = (StreamReader)await connection.BeginTextExportAsync(CopyStatement.ToRead(table, encoding), cancellationToken);
        var buffer = new byte[PieceBytes];
        while (await reader.BaseStream.ReadAsync(buffer, cancellationToken) is var count and > 0)
        {
            rows.Append(buffer.AsSpan(0, count));
        }
        rows.Append("\\.\n"u8); // What ends a stored file; the protocol has its own end.
        return rows.EndTable();
    }
}
