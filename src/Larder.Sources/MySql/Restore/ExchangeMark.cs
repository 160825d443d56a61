using System.Globalization;

namespace Larder.Sources.MySql.Restore;

/// <summary>How far an exchange is. The order is that of the way there.</summary>
internal enum ExchangePhase
{
    /// <summary>Nothing whole lies beside.</summary>
    None,

    /// <summary>What was restored lies whole beside what is live.</summary>
    Whole,

    /// <summary>The old tables are live; what is no table is being taken away or made again.</summary>
    Leaving,

    /// <summary>The new tables are live; what is no table is being made or taken away.</summary>
    Coming,

    /// <summary>What was restored is live.</summary>
    Exchanged,
}

/// <summary>Whose definitions a script makes.</summary>
internal enum ScriptSide
{
    Old,
    New,
}

/// <summary>
/// A table in a database of its own whose name says how far an exchange is, and which holds the scripts of what cannot be renamed. The
/// statement that renames all tables renames it too, so it never says anything else than what is so.
/// </summary>
internal sealed class ExchangeMark(ServerSession session, string database)
{
    // In hexadecimal digits twice as many: within the max_allowed_packet of every server, whose default is 16 MiB and more.
    private const int PieceBytes = 1024 * 1024;

    private const string Unfinished = "unfinished";

    public static string DatabaseOf(IReadOnlyList<ExchangePlace> places) => KeptNames.Mark(places[0].Beside);

    /// <summary>The one phase that its name says.</summary>
    public async Task<ExchangePhase> ReadAsync(CancellationToken cancellationToken)
    {
        var rows = await session.QueryAsync(
            $"SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {SqlText.QuoteText(database)};", cancellationToken);
        return rows.Select(row => Enum.GetValues<ExchangePhase>().FirstOrDefault(phase => NameOf(phase) == row[0]))
            .FirstOrDefault(phase => phase != ExchangePhase.None);
    }

    /// <summary>Declares that what was restored lies whole beside.</summary>
    public async Task MakeAsync(ExtraScripts scripts)
    {
        await session.RunAsync($"DROP DATABASE IF EXISTS {SqlText.Quote(database)}");
        await session.RunAsync($"CREATE DATABASE {SqlText.Quote(database)} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
        await session.RunAsync(
            $"CREATE TABLE {Quote(Unfinished)} (side VARCHAR(3), place INT, part INT, piece INT, text LONGBLOB, "
            + "PRIMARY KEY (side, place, part, piece)) ENGINE=InnoDB");
        await WriteAsync(Unfinished, ScriptSide.New, scripts);
        await session.RunAsync($"RENAME TABLE {Quote(Unfinished)} TO {Quote(NameOf(ExchangePhase.Whole))}");
    }

    /// <summary>Keeps the scripts of one side in place of those that are kept.</summary>
    public Task KeepAsync(ExchangePhase phase, ScriptSide side, ExtraScripts scripts) => WriteAsync(NameOf(phase), side, scripts);

    public async Task<ExtraScripts> ReadScriptsAsync(ExchangePhase phase, ScriptSide side)
    {
        var rows = await session.QueryAsync(
            $"SELECT place, part, HEX(text) FROM {Quote(NameOf(phase))} WHERE side = '{NameOf(side)}' ORDER BY place, part, piece;",
            CancellationToken.None);
        var scripts = new ExtraScripts();
        foreach (var script in rows.GroupBy(row => (
            int.Parse(row[0], CultureInfo.InvariantCulture), (ExtraPart)int.Parse(row[1], CultureInfo.InvariantCulture))))
        {
            scripts[script.Key.Item1, script.Key.Item2] = [.. script.SelectMany(row => Convert.FromHexString(row[2]))];
        }
        return scripts;
    }

    /// <summary>What a RENAME TABLE needs to say for the next phase.</summary>
    public string Move(ExchangePhase from, ExchangePhase to) => $"{Quote(NameOf(from))} TO {Quote(NameOf(to))}";

    public Task SetAsync(ExchangePhase from, ExchangePhase to) => session.RunAsync($"RENAME TABLE {Move(from, to)}");

    private async Task WriteAsync(string table, ScriptSide side, ExtraScripts scripts)
    {
        await session.QueryAsync(
            $"START TRANSACTION; DELETE FROM {Quote(table)} WHERE side = '{NameOf(side)}';", CancellationToken.None);
        foreach (var ((place, part), text) in scripts.All)
        {
            for (var piece = 0; piece * PieceBytes < text.Length; piece++)
            {
                var bytes = text.AsSpan(piece * PieceBytes, Math.Min(PieceBytes, text.Length - (piece * PieceBytes)));
                var key = string.Create(CultureInfo.InvariantCulture, $"'{NameOf(side)}', {place}, {(int)part}, {piece}");
                await session.QueryAsync(
                    $"INSERT INTO {Quote(table)} VALUES ({key}, x'{Convert.ToHexString(bytes)}');", CancellationToken.None);
            }
        }
        await session.RunAsync("COMMIT");
    }

    private string Quote(string table) => $"{SqlText.Quote(database)}.{SqlText.Quote(table)}";

    private static string NameOf(ScriptSide side) => side == ScriptSide.Old ? "old" : "new";

    private static string NameOf(ExchangePhase phase) => phase switch
    {
        ExchangePhase.Whole => "whole",
        ExchangePhase.Leaving => "leaving",
        ExchangePhase.Coming => "coming",
        ExchangePhase.Exchanged => "exchanged",
        _ => "",
    };
}
