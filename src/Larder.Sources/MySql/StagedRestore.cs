using System.Text;
using Larder.Sources.Dumps;

namespace Larder.Sources.MySql;

/// <summary>
/// Restores a database, or some of its tables, beside what stands: into a database of its own, which is read back and compared. Then the
/// tables are renamed into place. What is no table cannot be renamed and is made anew in place, after a rehearsal beside.
/// </summary>
internal sealed class StagedRestore(
    RestoreSelection selection, DumpRestoreRequest request, RestoreConnection connection, DumpFeed feed)
{
    private readonly string beside = StagingName(selection.Target, "new");
    private readonly LiveDatabase target = new(connection.Client, selection.Target);
    private readonly List<(string Table, string Definition)> definitions = [];
    private readonly Dictionary<string, IReadOnlyList<string>> foreignKeys = new(StringComparer.Ordinal);

    private bool HasRows => request.Part != DumpPart.Schema;

    public async Task<IReadOnlyList<EntryFacts>> RestoreAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<EntryFacts> entries;
        try
        {
            await CreateBesideAsync(cancellationToken);
            await MakeTablesAsync(cancellationToken);
            entries = HasRows ? await LoadAsync(cancellationToken) : [];
            await RehearseAsync(cancellationToken);
            await PutInPlaceAsync(cancellationToken);
        }
        catch
        {
            await TryDropAsync(beside);
            throw;
        }
        await TryDropAsync(beside); // Empty now.
        return entries;
    }

    /// <summary>Where even this fails, the server is gone or refuses everything, and what went before says so better.</summary>
    private async Task TryDropAsync(string database)
    {
        try
        {
            await connection.Client.ExecuteAsync($"DROP DATABASE IF EXISTS {SqlText.Quote(database)};", "", CancellationToken.None);
        }
        catch (SourceException)
        {
            // The guide names the databases that may be left.
        }
    }

    private async Task CreateBesideAsync(CancellationToken cancellationToken)
    {
        if (selection.Source.Create is { } file
            && await feed.FindStatementAsync(file, "CREATE DATABASE ", cancellationToken) is { } create)
        {
            await connection.Client.ExecuteAsync(WithDatabase(create, beside) + ";", "", cancellationToken);
        }
        else
        {
            await connection.Client.ExecuteAsync($"CREATE DATABASE {SqlText.Quote(beside)};", "", cancellationToken);
        }
    }

    private async Task MakeTablesAsync(CancellationToken cancellationToken)
    {
        foreach (var file in selection.Source.Definitions)
        {
            await feed.RunAsync(file, beside, cancellationToken, ChangeDefinition);
        }
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
        var text = TableDefinition.Text(statement);
        definitions.Add((name, text));
        if (!selection.IsWhole)
        {
            (text, foreignKeys[name]) = TableDefinition.TakeOutForeignKeys(text);
        }
        // A single table takes its numbers from the sequence that stands in the target.
        return Encoding.UTF8.GetBytes(TableDefinition.MoveSequences(text, selection.IsWhole ? beside : selection.Target));
    }

    private async Task<IReadOnlyList<EntryFacts>> LoadAsync(CancellationToken cancellationToken)
    {
        var fed = new Dictionary<string, Fingerprint>(StringComparer.Ordinal);
        // The largest first, so that the last one to end is a small one.
        await Parallel.ForEachAsync(
            selection.Tables.OrderByDescending(table => selection.Source.Rows[table].Bytes),
            new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, request.Jobs), CancellationToken = cancellationToken },
            async (table, token) =>
            {
                var fingerprint = await feed.LoadAsync(selection.Source.Rows[table], beside, token);
                lock (fed)
                {
                    fed[table] = fingerprint;
                }
            });
        var found = await ServerRows.ReadAsync(connection.Dump, beside, selection.Tables, cancellationToken);
        var entries = new List<EntryFacts>();
        foreach (var table in selection.Tables)
        {
            var facts = RestoredFacts.Make(selection, table, found[table]);
            RestoredFacts.Compare(facts, fed[table], request.Recorded);
            entries.Add(facts);
        }
        return entries;
    }

    /// <summary>
    /// Makes triggers, routines and views beside, so that what the server would refuse is known before anything was touched. Events are
    /// left out: they would begin to run.
    /// </summary>
    private async Task RehearseAsync(CancellationToken cancellationToken)
    {
        if (selection.Source.After is { } file)
        {
            await feed.RunAsync(file, beside, cancellationToken, scanner => ChangeAfter(scanner, beside, withEvents: false));
            await connection.Client.ExecuteAsync(
                await new LiveDatabase(connection.Client, beside).WriteDropsAsync(cancellationToken), "", cancellationToken);
        }
    }

    private byte[]? ChangeAfter(SqlScanner scanner, string database, bool withEvents)
    {
        var text = scanner.Text.Span;
        var made = AfterStatement.Of(text);
        if (made.Kind == "EVENT" && !withEvents)
        {
            return null;
        }
        if (!selection.IsWhole && !made.IsSettingOrTriggerOf(selection.Tables))
        {
            return null;
        }
        return SqlText.StartsWord(SqlText.SkipConditional(text), "ALTER DATABASE "u8)
            ? Encoding.UTF8.GetBytes(WithDatabase(Encoding.UTF8.GetString(text), database))
            : text.ToArray();
    }

    private async Task PutInPlaceAsync(CancellationToken cancellationToken)
    {
        var isNew = !await target.IsThereAsync(cancellationToken);
        if (isNew)
        {
            await connection.Client.ExecuteAsync($"CREATE DATABASE {SqlText.Quote(target.Name)};", "", cancellationToken);
        }
        try
        {
            var old = StagingName(selection.Target, "old");
            var swap = await TableSwap.PrepareAsync(target, beside, old, selection, connection, cancellationToken);
            // From here on nothing is given up half done: it is finished, or undone.
            try
            {
                await swap.ExecuteAsync(CancellationToken.None);
                await FinishAsync(CancellationToken.None);
            }
            catch
            {
                await swap.UndoAsync(feed);
                throw;
            }
            await swap.DropOldAsync();
        }
        catch when (isNew)
        {
            await TryDropAsync(target.Name);
            throw;
        }
    }

    private async Task FinishAsync(CancellationToken cancellationToken)
    {
        var sql = new StringBuilder("SET foreign_key_checks=0;\n");
        if (selection.IsWhole)
        {
            var (charset, collation) = await new LiveDatabase(connection.Client, beside).ReadCharsetAsync(cancellationToken);
            sql.Append(System.Globalization.CultureInfo.InvariantCulture, $"ALTER DATABASE CHARACTER SET {charset} COLLATE {collation};\n");
        }
        foreach (var (table, definition) in definitions)
        {
            foreach (var statement in TableDefinition.SettleSequences(definition, table, target.Name))
            {
                sql.Append(statement).Append('\n');
            }
        }
        foreach (var (table, keys) in foreignKeys.Where(item => item.Value.Count > 0))
        {
            sql.Append("ALTER TABLE ").Append(SqlText.Quote(table)).AppendJoin(',', keys.Select(key => $" ADD {key}")).Append(";\n");
        }
        await connection.Client.ExecuteAsync(sql.ToString(), target.Name, cancellationToken);
        if (selection.Source.After is { } file)
        {
            await feed.RunAsync(file, target.Name, cancellationToken, scanner => ChangeAfter(scanner, target.Name, withEvents: true));
        }
    }

    /// <summary>The same statement with another name where the first stands.</summary>
    private static string WithDatabase(string statement, string database)
    {
        var from = statement.IndexOf('`', StringComparison.Ordinal);
        var bytes = Encoding.UTF8.GetBytes(statement[from..]);
        _ = SqlText.ReadName(bytes, out var length);
        return statement[..from] + SqlText.Quote(database) + Encoding.UTF8.GetString(bytes.AsSpan(length));
    }

    /// <summary>Names have at most 64 characters.</summary>
    private static string StagingName(string target, string what) =>
        $"{target[..Math.Min(target.Length, 40)]}_larder_{what}_{Guid.NewGuid().ToString("n")[..8]}";
}
