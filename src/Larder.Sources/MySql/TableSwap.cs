namespace Larder.Sources.MySql;

/// <summary>
/// The moment in which tables change places. RENAME TABLE does it for all in one statement, foreign keys among them included, but
/// refuses tables with triggers and does not take views; so what is no table is taken away before, and kept as a script for the way back.
/// </summary>
internal sealed class TableSwap
{
    // Triggers, routines, events and views of what stands are held in memory for the way back.
    private const int UndoBytesMax = 64 * 1024 * 1024;

    private readonly LiveDatabase target;
    private readonly MySqlClient client;
    private readonly string beside;
    private readonly string old;
    private readonly string drops;
    private readonly IReadOnlyDictionary<AfterPart, byte[]> kept;
    private readonly IReadOnlyList<string> leaving;
    private readonly IReadOnlyList<string> coming;
    private readonly (string Charset, string Collation) charset;
    private bool isWhole;
    private bool begun;
    private bool renamed;

    private TableSwap(
        LiveDatabase target,
        MySqlClient client,
        string beside,
        string old,
        string drops,
        IReadOnlyDictionary<AfterPart, byte[]> kept,
        IReadOnlyList<string> leaving,
        IReadOnlyList<string> coming,
        (string Charset, string Collation) charset)
    {
        this.target = target;
        this.client = client;
        this.beside = beside;
        this.old = old;
        this.drops = drops;
        this.kept = kept;
        this.leaving = leaving;
        this.coming = coming;
        this.charset = charset;
    }

    /// <summary>Looks at what stands and keeps what will be needed to put it back. Changes nothing but for an empty database.</summary>
    public static async Task<TableSwap> PrepareAsync(
        LiveDatabase target,
        string beside,
        string old,
        RestoreSelection selection,
        RestoreConnection connection,
        CancellationToken cancellationToken)
    {
        var standing = await target.ReadObjectsAsync(cancellationToken);
        var coming = (await new LiveDatabase(connection.Client, beside).ReadObjectsAsync(cancellationToken))
            .Where(item => !item.IsView).Select(item => item.Name).ToList();
        var leaving = standing.Where(item => !item.IsView && (selection.IsWhole || coming.Contains(item.Name, StringComparer.Ordinal)))
            .Select(item => item.Name).ToList();
        string drops;
        if (selection.IsWhole)
        {
            drops = await target.WriteDropsAsync(cancellationToken);
        }
        else
        {
            drops = string.Concat((await target.ReadTriggersAsync(cancellationToken))
                .Where(trigger => leaving.Contains(trigger.Table, StringComparer.Ordinal))
                .Select(trigger => $"DROP TRIGGER IF EXISTS {SqlText.Quote(target.Name)}.{SqlText.Quote(trigger.Trigger)};\n"));
        }
        var kept = drops.Length == 0
            ? Enum.GetValues<AfterPart>().ToDictionary(part => part, _ => Array.Empty<byte>())
            : await KeepAsync(target.Name, standing, selection.IsWhole ? null : leaving, connection, cancellationToken);
        var charset = await target.ReadCharsetAsync(cancellationToken);
        await connection.Client.ExecuteAsync($"CREATE DATABASE {SqlText.Quote(old)};", "", cancellationToken);
        return new TableSwap(target, connection.Client, beside, old, drops, kept, leaving, coming, charset) { isWhole = selection.IsWhole };
    }

    public async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        begun = true;
        await client.ExecuteAsync(drops, "", cancellationToken);
        await RenameAsync(
            [
                .. leaving.Select(table => (target.Name, old, table)),
                .. coming.Select(table => (beside, target.Name, table)),
            ],
            cancellationToken);
        renamed = true;
    }

    /// <summary>The tables as they were, and nothing of what was made upon those that came.</summary>
    public async Task UndoAsync()
    {
        if (renamed)
        {
            var made = isWhole
                ? await target.WriteDropsAsync(CancellationToken.None)
                : string.Concat((await target.ReadTriggersAsync(CancellationToken.None))
                    .Where(trigger => coming.Contains(trigger.Table, StringComparer.Ordinal))
                    .Select(trigger => $"DROP TRIGGER IF EXISTS {SqlText.Quote(target.Name)}.{SqlText.Quote(trigger.Trigger)};\n"));
            await client.ExecuteAsync(made, "", CancellationToken.None);
            await RenameAsync(
                [
                    .. coming.Select(table => (target.Name, beside, table)),
                    .. leaving.Select(table => (old, target.Name, table)),
                ],
                CancellationToken.None);
            await client.ExecuteAsync(
                $"ALTER DATABASE {SqlText.Quote(target.Name)} CHARACTER SET {charset.Charset} COLLATE {charset.Collation};",
                "",
                CancellationToken.None);
        }
        if (begun)
        {
            await client.ExecuteAsync(drops, "", CancellationToken.None); // Those that were not yet taken away.
        }
    }

    /// <summary>Makes what was taken away from around the tables, once <see cref="UndoAsync"/> has run for all databases.</summary>
    public Task MakeAgainAsync(AfterPart part, DumpFeed feed) => begun && kept[part].Length > 0
        ? feed.RunAsync(kept[part], target.Name, CancellationToken.None)
        : Task.CompletedTask;

    /// <summary>What stood before is no longer needed, or is back in its place.</summary>
    public Task DropOldAsync() =>
        client.ExecuteAsync($"SET foreign_key_checks=0; DROP DATABASE {SqlText.Quote(old)};", "", CancellationToken.None);

    private async Task RenameAsync(IReadOnlyList<(string From, string To, string Table)> moves, CancellationToken cancellationToken)
    {
        if (moves.Count > 0)
        {
            var list = moves.Select(move =>
                $"{SqlText.Quote(move.From)}.{SqlText.Quote(move.Table)} TO {SqlText.Quote(move.To)}.{SqlText.Quote(move.Table)}");
            // Somebody's open transaction keeps a table in its place; after a minute it is better to leave everything as it is.
            await client.ExecuteAsync($"SET lock_wait_timeout=60; RENAME TABLE {string.Join(", ", list)};", "", cancellationToken);
        }
    }

    /// <summary>The scripts that make anew what will be taken away.</summary>
    private static async Task<Dictionary<AfterPart, byte[]>> KeepAsync(
        string database,
        IReadOnlyList<MySqlObject> standing,
        IReadOnlyList<string>? tables,
        RestoreConnection connection,
        CancellationToken cancellationToken)
    {
        var views = standing.Where(item => item.IsView).Select(item => item.Name).ToList();
        List<Func<MySqlDumpRun>> starts = [() => connection.Dump.StartRoutines(database, [])];
        if (views.Count > 0 && tables is null)
        {
            starts.Add(() => connection.Dump.StartViews(database, views));
        }
        await using var script = new ScriptStream(starts);
        var scanner = new SqlScanner(script);
        using var rest = new KeptPart(AfterPart.BeforeViews);
        using var above = new KeptPart(AfterPart.Views);
        while (await scanner.MoveNextAsync(cancellationToken) != SqlKind.End)
        {
            var made = AfterStatement.Of(scanner.Text.Span);
            if (tables is null || made.IsSettingOrTriggerOf(tables))
            {
                rest.Add(scanner, made);
                above.Add(scanner, made);
            }
            if (rest.Length + above.Length > UndoBytesMax)
            {
                throw new SourceException(
                    SourceError.TargetExists,
                    $"The triggers, routines, events and views of {database} are too large to be kept for the way back; "
                    + "drop the database first.");
            }
        }
        return new() { [AfterPart.BeforeViews] = rest.Complete(), [AfterPart.Views] = above.Complete() };
    }

    /// <summary>The script of one part, in memory.</summary>
    private sealed class KeptPart : IDisposable
    {
        private readonly MemoryStream text = new();
        private readonly SqlWriter writer;
        private readonly AfterChoice choice;

        public KeptPart(AfterPart part)
        {
            writer = new SqlWriter(text);
            choice = new AfterChoice(part);
        }

        public long Length => text.Length;

        public void Add(SqlScanner scanner, AfterStatement made)
        {
            if (choice.Take(scanner.Text.Span, made, scanner.Delimiter) is { } taken)
            {
                writer.Write(taken, scanner.Delimiter);
            }
        }

        public byte[] Complete()
        {
            writer.Complete();
            return text.ToArray();
        }

        public void Dispose() => text.Dispose();
    }
}
