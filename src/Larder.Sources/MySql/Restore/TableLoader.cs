using System.Globalization;
using System.Text;
using Larder.Sources.Dumps;

namespace Larder.Sources.MySql.Restore;

/// <summary>
/// Makes the tables of one database of a dump in a database of the server, loads their rows and compares what the server then has. What
/// goes with the tables and cannot be made before all of them are live, it gives as scripts.
/// </summary>
/// <param name="selection">What is restored.</param>
/// <param name="place">The database to make them in: one beside, or the live one.</param>
internal sealed class TableLoader(RestoreSelection selection, string place, DumpRestoreRequest request, DumpFeed feed)
{
    private readonly RestoreConnection connection = feed.Connection;
    private readonly StringBuilder sequences = new();
    private readonly StringBuilder keys = new();

    /// <summary>Makes the database, with the character set that the dump says.</summary>
    public async Task CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        var create = selection.Source.Create is { } file
            ? await feed.FindStatementAsync(file, "CREATE DATABASE ", cancellationToken)
            : null;
        await connection.Client.ExecuteAsync(
            (create is null ? $"CREATE DATABASE {SqlText.Quote(place)}" : AfterScript.WithDatabase(create, place)) + ";",
            "",
            cancellationToken);
    }

    /// <summary>Fails with <see cref="SourceError.Mismatch"/> where the server does not have what was recorded.</summary>
    public async Task<IReadOnlyList<EntryFacts>> LoadAsync(CancellationToken cancellationToken)
    {
        foreach (var file in selection.Source.Definitions)
        {
            await feed.RunAsync(file, place, cancellationToken, ChangeDefinition);
        }
        return request.Part == DumpPart.Schema ? [] : await LoadRowsAsync(cancellationToken);
    }

    /// <summary>What is to be said of the tables when they are live: see <see cref="ExtraPart.Tables"/>.</summary>
    public async Task<byte[]> WriteTablesScriptAsync(CancellationToken cancellationToken)
    {
        var script = "";
        if (selection.IsWhole)
        {
            var (charset, collation) = await new LiveDatabase(connection.Client.QueryAsync, place).ReadCharsetAsync(cancellationToken);
            script = LiveExtras.CharsetStatement(selection.Target, charset, collation);
        }
        // Sequences first: a table whose default takes a number of one that is not there cannot be altered in anything else.
        return Encoding.UTF8.GetBytes($"{script}{sequences}{keys}");
    }

    private byte[]? ChangeDefinition(SqlScanner scanner)
    {
        var statement = scanner.Text.Span;
        var kind = StatementKinds.Of(statement);
        if (kind == StatementKind.Setting)
        {
            return statement.ToArray();
        }
        var name = SqlText.FindName(statement) ?? "";
        if (!selection.IsWhole && !selection.Tables.Contains(name))
        {
            return null;
        }
        if (kind != StatementKind.CreateTable)
        {
            return statement.ToArray();
        }
        var (text, taken) = TableDefinition.TakeOutForeignKeys(TableDefinition.Text(statement), selection.KeysStayTo);
        if (taken.Count > 0 && selection.NewName is null)
        {
            keys.Append(LiveExtras.KeysStatement(selection.Target, name, taken));
        }
        if (selection.IsWhole && place != selection.Target)
        {
            foreach (var settling in TableDefinition.SettleSequences(text, name, selection.Target))
            {
                sequences.Append(settling).Append(";\n");
            }
        }
        // A single table takes its numbers from the sequence that stands in the target.
        return Encoding.UTF8.GetBytes(TableDefinition.MoveSequences(text, selection.IsWhole ? place : selection.Target));
    }

    private async Task<IReadOnlyList<EntryFacts>> LoadRowsAsync(CancellationToken cancellationToken)
    {
        var fed = new Dictionary<string, Fingerprint>(StringComparer.Ordinal);
        // The largest first, so that the last one to end is a small one.
        await Parallel.ForEachAsync(
            selection.Tables.OrderByDescending(table => selection.Source.Rows[table].Bytes),
            new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, request.Jobs), CancellationToken = cancellationToken },
            async (table, token) =>
            {
                var fingerprint = await feed.LoadAsync(selection.Source.Rows[table], place, token);
                lock (fed)
                {
                    fed[table] = fingerprint;
                }
            });
        var found = request.ReadsBack
            ? await ServerRows.ReadAsync(connection.Dump, place, selection.Tables, cancellationToken)
            : await CountAsync(fed, cancellationToken);
        var entries = new List<EntryFacts>();
        foreach (var table in selection.Tables)
        {
            var facts = RestoredFacts.Make(selection, table, found[table]);
            RestoredFacts.Compare(facts, fed[table], request.Recorded);
            entries.Add(facts);
        }
        return entries;
    }

    /// <summary>What was handed over, with the number of rows that the server has of it.</summary>
    private async Task<IReadOnlyDictionary<string, Fingerprint>> CountAsync(
        Dictionary<string, Fingerprint> fed, CancellationToken cancellationToken)
    {
        var versioned = (await new LiveDatabase(connection.Client.QueryAsync, place).ReadObjectsAsync(cancellationToken))
            .Where(item => item.Type == "SYSTEM VERSIONED").Select(item => item.Name).ToHashSet(StringComparer.Ordinal);
        var counted = new Dictionary<string, Fingerprint>(StringComparer.Ordinal);
        foreach (var (table, fingerprint) in fed)
        {
            // Of a table that keeps its history, the dump has that too.
            var history = versioned.Contains(table) ? " FOR SYSTEM_TIME ALL" : "";
            var rows = await connection.Client.QueryAsync(
                $"SELECT COUNT(*) FROM {SqlText.Quote(place)}.{SqlText.Quote(table)}{history};", cancellationToken);
            counted[table] = fingerprint with { Rows = long.Parse(rows[0][0], CultureInfo.InvariantCulture) };
        }
        return counted;
    }
}
