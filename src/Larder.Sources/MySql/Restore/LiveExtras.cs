using System.Text;

namespace Larder.Sources.MySql.Restore;

/// <summary>
/// What no rename can move, of the live database of one place: triggers, views, routines, events, foreign keys to what is not moved too,
/// the database's character set. It is kept as scripts, taken away, and made anew. Of single tables it is their triggers and foreign keys.
/// </summary>
/// <param name="place">Of which live database.</param>
/// <param name="session">Where it is changed.</param>
internal sealed class LiveExtras(ExchangePlace place, ServerSession session)
{
    private readonly LiveDatabase live = new(session.QueryAsync, place.Database);

    /// <summary>Whether there is anything of it besides the character set.</summary>
    public Task<bool> AnyAsync() => live.HasExtrasAsync(place, CancellationToken.None);

    /// <summary>Writes the scripts that make what stands there now.</summary>
    public async Task CaptureAsync(ExtraScripts scripts, int number)
    {
        if (!await live.IsThereAsync(CancellationToken.None))
        {
            return;
        }
        var tables = new StringBuilder();
        if (place.IsWhole)
        {
            var (charset, collation) = await live.ReadCharsetAsync(CancellationToken.None);
            tables.Append(CharsetStatement(place.Database, charset, collation));
        }
        foreach (var table in (await ReadKeysAsync()).GroupBy(key => key.Table, key => key.Key, StringComparer.Ordinal))
        {
            await AppendKeysAsync(tables, table.Key, [.. table]);
        }
        scripts[number, ExtraPart.Tables] = Encoding.UTF8.GetBytes(tables.ToString());

        var broken = await FindBrokenAsync();
        await CaptureAfterAsync(scripts, number, broken);
        var views = new StringBuilder();
        foreach (var view in broken)
        {
            var definition = (await session.QueryAsync($"SHOW CREATE VIEW {Quote(view)};", CancellationToken.None))[0][1];
            views.Append(definition).Append(";\n");
        }
        scripts[number, ExtraPart.BrokenViews] = Encoding.UTF8.GetBytes(views.ToString());
    }

    /// <summary>Takes it away, one after another.</summary>
    /// <param name="spared">Views that stay.</param>
    public async Task DropAsync(IReadOnlySet<string> spared)
    {
        foreach (var extra in (await ReadAsync()).Where(extra => extra.Kind != "VIEW" || !spared.Contains(extra.Name)))
        {
            await session.RunAsync(extra.DropStatement);
        }
        foreach (var (table, key) in await ReadKeysAsync())
        {
            await session.RunAsync($"ALTER TABLE {Quote(table)} DROP FOREIGN KEY {SqlText.Quote(key)}");
        }
    }

    /// <summary>Makes one part of what a script has.</summary>
    public async Task MakeAsync(ExtraScripts scripts, int number, ExtraPart part)
    {
        try
        {
            await session.RunScriptAsync(scripts[number, part], place.Database);
        }
        catch (SourceException error)
        {
            throw new SourceException(
                error.Error, $"Not all that is no table could be made in {place.Database}. {error.Message}", error);
        }
    }

    /// <summary>Makes of these views those that can be made.</summary>
    public async Task TryMakeBrokenViewsAsync(byte[] script)
    {
        using var content = new MemoryStream(script);
        var scanner = new SqlScanner(content);
        while (await scanner.MoveNextAsync(CancellationToken.None) != SqlKind.End)
        {
            await session.TryRunAsync(Encoding.UTF8.GetString(scanner.Text.Span), place.Database);
        }
    }

    public static string CharsetStatement(string database, string charset, string collation) =>
        $"ALTER DATABASE {SqlText.Quote(database)} CHARACTER SET {charset} COLLATE {collation};\n";

    public static string KeysStatement(string database, string table, IEnumerable<string> keys) =>
        $"ALTER TABLE {SqlText.Quote(database)}.{SqlText.Quote(table)} {string.Join(", ", keys.Select(key => $"ADD {key}"))};\n";

    /// <summary>Views of the live database that cannot be read.</summary>
    public async Task<IReadOnlyList<string>> FindBrokenAsync() => place.IsWhole
        ? [.. (await live.ReadObjectsAsync(CancellationToken.None)).Where(item => item is { IsView: true, IsBroken: true })
            .Select(item => item.Name)]
        : [];

    private Task<IReadOnlyList<MySqlExtra>> ReadAsync() => live.ReadExtrasAsync(place, CancellationToken.None);

    private Task<IReadOnlyList<(string Table, string Key)>> ReadKeysAsync() => live.ReadForeignKeysAsync(place, CancellationToken.None);

    private async Task AppendKeysAsync(StringBuilder script, string table, IReadOnlyList<string> names)
    {
        var definition = (await session.QueryAsync($"SHOW CREATE TABLE {Quote(table)};", CancellationToken.None))[0][1];
        var (_, keys) = TableDefinition.TakeOutForeignKeys(definition, staying: []);
        script.Append(KeysStatement(place.Database, table, keys.Where(key => names.Contains(TableDefinition.NameOf(key)))));
    }

    private async Task CaptureAfterAsync(ExtraScripts scripts, int number, IReadOnlyList<string> broken)
    {
        var extras = (await ReadAsync()).Where(extra => extra.Kind != "VIEW" || !broken.Contains(extra.Name)).ToList();
        var views = extras.Where(extra => extra.Kind == "VIEW").Select(extra => extra.Name).ToList();
        var dump = session.Connection.Dump;
        List<Func<MySqlDumpRun>> starts = [];
        if (extras.Count > views.Count)
        {
            starts.Add(() => dump.StartRoutines(place.Database, []));
        }
        if (views.Count > 0)
        {
            starts.Add(() => dump.StartViews(place.Database, views));
        }
        await using var script = new ScriptStream(starts);
        var scanner = new SqlScanner(script);
        using var before = new ScriptBuilder(place.Database, AfterPart.BeforeViews);
        using var above = new ScriptBuilder(place.Database, AfterPart.Views);
        while (await scanner.MoveNextAsync(CancellationToken.None) != SqlKind.End)
        {
            var made = AfterStatement.Of(scanner.Text.Span);
            if (place.Tables is not { } tables || made.IsSettingOrTriggerOf([.. tables.Select(table => table.Name)]))
            {
                before.Add(scanner.Text.Span, made, scanner.Delimiter);
                above.Add(scanner.Text.Span, made, scanner.Delimiter);
            }
        }
        scripts[number, ExtraPart.BeforeViews] = before.Complete();
        scripts[number, ExtraPart.Views] = above.Complete();
    }

    private string Quote(string name) => $"{SqlText.Quote(place.Database)}.{SqlText.Quote(name)}";
}
