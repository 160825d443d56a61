using System.Globalization;
using System.Text;
using Larder.Sources.Dumps;

namespace Larder.Sources.MySql;

/// <summary>
/// The steps that restore a database, or some of its tables, beside what stands: into a database of its own, which is read back and
/// compared. Then the tables are renamed into place. What is no table cannot be renamed and is made anew in place, after a rehearsal
/// beside. <see cref="StagedRestores"/> has their order.
/// </summary>
/// <param name="others">The other databases that come back together with this one.</param>
internal sealed class StagedRestore(
    RestoreSelection selection,
    IReadOnlyList<string> others,
    DumpRestoreRequest request,
    RestoreConnection connection,
    DumpFeed feed)
{
    private readonly string beside = StagingName(selection.Target, "new");
    private readonly string old = StagingName(selection.Target, "old");
    private readonly LiveDatabase target = new(connection.Client, selection.Target);
    private readonly List<(string Table, string Definition)> definitions = [];
    private readonly Dictionary<string, IReadOnlyList<string>> foreignKeys = new(StringComparer.Ordinal);

    private TableSwap? swap;
    private bool isNew;

    public string WhereTheOldStands => $"the tables of {target.Name} are in the database {old}";

    private bool HasRows => request.Part != DumpPart.Schema;

    /// <summary>Makes the tables beside, loads their rows and compares what the server then has.</summary>
    public async Task<IReadOnlyList<EntryFacts>> LoadBesideAsync(CancellationToken cancellationToken)
    {
        await CreateBesideAsync(cancellationToken);
        await MakeTablesAsync(cancellationToken);
        return HasRows ? await LoadAsync(cancellationToken) : [];
    }

    public Task DropBesideAsync() => TryDropAsync(beside);

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
    /// left out: they would begin to run. So are views that look into another database of this restore, which is not there yet; their
    /// placeholders stand for them.
    /// </summary>
    public async Task RehearseAsync(CancellationToken cancellationToken)
    {
        if (selection.Source.After is null)
        {
            return;
        }
        foreach (var part in Enum.GetValues<AfterPart>())
        {
            await RunAfterAsync(part, beside, isRehearsal: true, cancellationToken);
        }
        await connection.Client.ExecuteAsync(
            await new LiveDatabase(connection.Client, beside).WriteDropsAsync(cancellationToken), "", cancellationToken);
    }

    /// <summary>Makes the target where there is none, and keeps what will be needed to put back what stands there.</summary>
    public async Task PrepareSwapAsync(CancellationToken cancellationToken)
    {
        if (!await target.IsThereAsync(cancellationToken))
        {
            await connection.Client.ExecuteAsync($"CREATE DATABASE {SqlText.Quote(target.Name)};", "", cancellationToken);
            isNew = true;
        }
        swap = await TableSwap.PrepareAsync(target, beside, old, selection, connection, cancellationToken);
    }

    public Task SwapAsync() => swap!.ExecuteAsync(CancellationToken.None);

    /// <summary>What could not come with the tables: the database's character set, sequences, and foreign keys of single tables.</summary>
    public async Task FinishTablesAsync()
    {
        var sql = new StringBuilder("SET foreign_key_checks=0;\n");
        if (selection.IsWhole)
        {
            var (charset, collation) = await new LiveDatabase(connection.Client, beside).ReadCharsetAsync(CancellationToken.None);
            sql.Append(CultureInfo.InvariantCulture, $"ALTER DATABASE CHARACTER SET {charset} COLLATE {collation};\n");
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
        await connection.Client.ExecuteAsync(sql.ToString(), target.Name, CancellationToken.None);
    }

    public Task MakeAsync(AfterPart part) => RunAfterAsync(part, target.Name, isRehearsal: false, CancellationToken.None);

    public Task SwapBackAsync() => swap?.UndoAsync() ?? Task.CompletedTask;

    public Task MakeAgainAsync(AfterPart part) => swap?.MakeAgainAsync(part, feed) ?? Task.CompletedTask;

    /// <summary>What stood before is no longer needed, or is back in its place.</summary>
    public Task DropOldAsync() => swap?.DropOldAsync() ?? Task.CompletedTask;

    /// <summary>Where nothing stood, nothing is left.</summary>
    public Task DropIfNewAsync() => isNew ? TryDropAsync(target.Name) : Task.CompletedTask;

    private async Task RunAfterAsync(AfterPart part, string database, bool isRehearsal, CancellationToken cancellationToken)
    {
        if (selection.Source.After is not { } file || (part == AfterPart.Views && !selection.IsWhole))
        {
            return;
        }
        var choice = new AfterChoice(part);
        await feed.RunAsync(file, database, cancellationToken, scanner =>
        {
            var text = scanner.Text.Span;
            var made = AfterStatement.Of(text);
            var taken = selection.IsWhole || made.IsSettingOrTriggerOf(selection.Tables)
                ? choice.Take(
                    made.Kind == "TRIGGER" && database != selection.Source.Name ? AfterStatement.MoveTrigger(text) : text,
                    made,
                    scanner.Delimiter)
                : null;
            return taken is null || (isRehearsal && (made.Kind == "EVENT" || LooksElsewhere(made, taken))) ? null
                : SqlText.StartsWord(SqlText.SkipConditional(taken), "ALTER DATABASE "u8)
                    ? Encoding.UTF8.GetBytes(WithDatabase(Encoding.UTF8.GetString(taken), database))
                    : taken;
        });
    }

    /// <summary>
    /// Whether a view looks into another database that is restored too. The server writes names in views in full and in backticks; an
    /// alias of the same name is taken for the database, and then the view is only not rehearsed.
    /// </summary>
    private bool LooksElsewhere(AfterStatement made, ReadOnlySpan<byte> text)
    {
        if (made.Kind == "VIEW" && !made.IsPlaceholder)
        {
            foreach (var other in others)
            {
                if (text.IndexOf(Encoding.UTF8.GetBytes(SqlText.Quote(other) + ".")) >= 0)
                {
                    return true;
                }
            }
        }
        return false;
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
