namespace Larder.Sources.MySql.Restore;

/// <summary>Reads tables back from a server as a dump would, and fingerprints them.</summary>
internal static class ServerRows
{
    public static async Task<IReadOnlyDictionary<string, Fingerprint>> ReadAsync(
        MySqlDump dump, string database, IReadOnlyList<string> tables, CancellationToken cancellationToken)
    {
        var builders = tables.ToDictionary(name => name, _ => new FingerprintBuilder(), StringComparer.Ordinal);
        if (tables.Count == 0)
        {
            return new Dictionary<string, Fingerprint>();
        }
        await using var run = dump.StartTables(database, tables);
        var scanner = new SqlScanner(run.Output);
        try
        {
            while (await scanner.MoveNextAsync(cancellationToken) is var kind and not SqlKind.End)
            {
                run.NoteLoggedIn();
                if (kind == SqlKind.Rows && builders.TryGetValue(SqlText.FindName(scanner.Text.Span) ?? "", out var builder))
                {
                    using var rows = new RowReader(scanner, builder);
                    await rows.SkipAsync(cancellationToken);
                }
            }
        }
        catch (SourceException error)
        {
            throw await run.FindCauseAsync(error, cancellationToken);
        }
        await run.CompleteAsync(cancellationToken);
        return scanner.IsComplete
            ? builders.ToDictionary(item => item.Key, item => item.Value.ToFingerprint(), StringComparer.Ordinal)
            : throw new SourceException(SourceError.ToolFailed, "What was restored could not be read back to its end.");
    }
}
