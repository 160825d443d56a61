using Larder.Sources.Native;

namespace Larder.Sources.Sqlite;

/// <summary>
/// Looks through a closed database file: is it whole, and what is in it? The same figures are taken when a backup is made, when its
/// content is
/// verified and before a restored file is put in place.
/// </summary>
public static class SqliteCheck
{
    private const int ShownProblems = 5;

    /// <summary>
    /// Runs <c>PRAGMA integrity_check</c> and counts and fingerprints every table. The file must not be written to meanwhile; nothing is
    /// written
    /// beside it, and a WAL beside it is not looked at.
    /// Fails with <see cref="SourceException"/>: <see cref="SourceError.Damaged"/> with the first problems, <see
    /// cref="SourceError.NotFound"/>.
    /// </summary>
    /// <returns>
    /// One element for each table (<c>table</c>; also the hidden tables of full-text indices and their like), and one named
    /// <c>sqlite_schema</c> (kind <c>schema</c>)
    /// that counts tables, indices, views and triggers and fingerprints their definitions. All share the file, so <see
    /// cref="EntryFacts.Bytes"/> is null.
    /// Columns that SQLite computes when they are read are left out: they are in their definition, and their functions may not be known
    /// here.
    /// </returns>
    public static Task<IReadOnlyList<EntryFacts>> InspectAsync(string path, CancellationToken cancellationToken) =>
        InspectAsync(path, Path.GetFileName(path), cancellationToken);

    /// <param name="path">The file.</param>
    /// <param name="entryFile">What the facts name as their file: its path inside the source.</param>
    public static Task<IReadOnlyList<EntryFacts>> InspectAsync(string path, string entryFile, CancellationToken cancellationToken) =>
        Task.Run(
            () =>
            {
                if (!File.Exists(path))
                {
                    throw new SourceException(SourceError.NotFound, $"There is no database at {path}.");
                }
                try
                {
                    using var connection = Sqlite3Connection.OpenImmutable(path);
                    return Inspect(connection, path, entryFile, cancellationToken);
                }
                catch (Sqlite3Exception error)
                {
                    throw SqliteErrors.Describe(error, path);
                }
            },
            cancellationToken);

    /// <summary>The same on an open connection, on the calling thread.</summary>
    internal static IReadOnlyList<EntryFacts> Inspect(
        Sqlite3Connection connection, string shownPath, string entryFile, CancellationToken cancellationToken)
    {
        using var interruption = cancellationToken.Register(connection.Interrupt);
        try
        {
            connection.Execute("PRAGMA cache_size=-16384"); // 16 MiB: most inner pages of a database of 10 GB.
            CheckIntegrity(connection, shownPath, cancellationToken);
            UnknownCollations.StandIn(connection); // Only now: integrity_check would report an order that is not theirs.
            return [.. ReadFacts(connection, entryFile, cancellationToken)];
        }
        catch (Sqlite3Exception error)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw SqliteErrors.Describe(error, shownPath);
        }
    }

    private static void CheckIntegrity(Sqlite3Connection connection, string shownPath, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var problems = SqliteIntegrity.FindProblems(connection, ShownProblems);
        cancellationToken.ThrowIfCancellationRequested();
        if (problems.Count > 0)
        {
            throw new SourceException(SourceError.Damaged, $"The database {shownPath} is damaged: {string.Join("; ", problems)}.");
        }
    }

    private static IEnumerable<EntryFacts> ReadFacts(Sqlite3Connection connection, string entryFile, CancellationToken cancellationToken)
    {
        var schema = ReadRows(connection, "SELECT type, name, tbl_name, sql FROM sqlite_schema", cancellationToken);
        yield return new EntryFacts { Name = "sqlite_schema", Kind = "schema", File = entryFile, Rows = schema.Rows, Fingerprint = schema };

        foreach (var table in ReadNames(connection, "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name"))
        {
            var columns = ReadStoredColumns(connection, table);
            // NOT INDEXED: the table itself is read, never an index that happens to hold the same columns.
            var sql =
                $"SELECT {string.Join(", ", columns.Select(Sqlite3Connection.Quote))} FROM {Sqlite3Connection.Quote(table)} NOT INDEXED";
            var rows = ReadRows(connection, sql, cancellationToken);
            yield return new EntryFacts { Name = table, Kind = "table", File = entryFile, Rows = rows.Rows, Fingerprint = rows };
        }
    }

    private static Fingerprint ReadRows(Sqlite3Connection connection, string sql, CancellationToken cancellationToken)
    {
        var fingerprint = new FingerprintBuilder();
        using var hasher = new RowHasher(fingerprint);
        using var statement = connection.Prepare(sql);
        var columns = statement.ColumnCount;
        while (statement.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            hasher.AddRow(statement, columns);
        }
        return fingerprint.ToFingerprint();
    }

    private static List<string> ReadStoredColumns(Sqlite3Connection connection, string table)
    {
        const int computedWhenRead = 2; // Column "hidden" of table_xinfo, sqlite.org/pragma.html.
        using var statement = connection.Prepare($"PRAGMA table_xinfo({Sqlite3Connection.Quote(table)})");
        var columns = new List<string>();
        while (statement.Step())
        {
            if (statement.GetInt64(6) != computedWhenRead)
            {
                columns.Add(statement.GetText(1) ?? "");
            }
        }
        return columns;
    }

    private static List<string> ReadNames(Sqlite3Connection connection, string sql)
    {
        using var statement = connection.Prepare(sql);
        var names = new List<string>();
        while (statement.Step())
        {
            names.Add(statement.GetText(0) ?? "");
        }
        return names;
    }
}
