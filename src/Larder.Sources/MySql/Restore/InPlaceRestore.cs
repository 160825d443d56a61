using System.Text;
using Larder.Sources.Dumps;

namespace Larder.Sources.MySql.Restore;

/// <summary>
/// Writes over what stands there, with nothing beside: what is replaced is dropped first. These servers commit with every definition, so
/// only a backup leads back.
/// </summary>
internal sealed class InPlaceRestore(IReadOnlyList<RestoreSelection> selections, DumpRestoreRequest request, DumpFeed feed)
{
    private readonly RestoreConnection connection = feed.Connection;

    public async Task<IReadOnlyList<EntryFacts>> RunAsync(CancellationToken cancellationToken)
    {
        var entries = new List<EntryFacts>();
        var loaders = new List<TableLoader>();
        foreach (var selection in selections)
        {
            await ClearAsync(selection, cancellationToken);
            var loader = new TableLoader(selection, selection.Target, request, feed);
            entries.AddRange(await loader.LoadAsync(cancellationToken));
            loaders.Add(loader);
        }
        foreach (var (selection, loader) in selections.Zip(loaders))
        {
            await RunAsync(await loader.WriteTablesScriptAsync(cancellationToken), selection, cancellationToken);
        }
        foreach (var part in Enum.GetValues<AfterPart>())
        {
            foreach (var selection in selections)
            {
                await RunAsync(await new AfterScript(selection, feed).ReadAsync(part, cancellationToken), selection, cancellationToken);
            }
        }
        return entries;
    }

    private async Task ClearAsync(RestoreSelection selection, CancellationToken cancellationToken)
    {
        var live = new LiveDatabase(connection.Client.QueryAsync, selection.Target);
        if (!await live.IsThereAsync(cancellationToken))
        {
            await new TableLoader(selection, selection.Target, request, feed).CreateDatabaseAsync(cancellationToken);
            return;
        }
        var drops = new StringBuilder("SET lock_wait_timeout=60, foreign_key_checks=0;\n");
        if (selection.IsWhole)
        {
            foreach (var extra in await live.ReadExtrasAsync(cancellationToken))
            {
                drops.Append(extra.DropStatement).Append(";\n");
            }
        }
        var standing = await live.ReadObjectsAsync(cancellationToken);
        // Tables first: their defaults may take numbers from a sequence.
        foreach (var item in standing
            .Where(item => !item.IsView && (selection.IsWhole || selection.Tables.Contains(item.Name, StringComparer.Ordinal)))
            .OrderBy(item => item.IsSequence))
        {
            drops.Append(item.IsSequence ? "DROP SEQUENCE " : "DROP TABLE ")
                .Append(SqlText.Quote(selection.Target)).Append('.').Append(SqlText.Quote(item.Name)).Append(";\n");
        }
        await connection.Client.ExecuteAsync(drops.ToString(), "", cancellationToken);
        if (selection.IsWhole && await FindCharsetAsync(selection, cancellationToken) is { } alter)
        {
            await connection.Client.ExecuteAsync(alter, "", cancellationToken);
        }
    }

    /// <summary>The character set that the dump gives the database, as a statement.</summary>
    private async Task<string?> FindCharsetAsync(RestoreSelection selection, CancellationToken cancellationToken)
    {
        var create = selection.Source.Create is { } file
            ? await feed.FindStatementAsync(file, "CREATE DATABASE ", cancellationToken)
            : null;
        var options = create?.IndexOf("DEFAULT CHARACTER SET ", StringComparison.OrdinalIgnoreCase) ?? -1;
        return options < 0 ? null : $"ALTER DATABASE {SqlText.Quote(selection.Target)} /*!40100 {create![options..].TrimEnd()};";
    }

    private async Task RunAsync(byte[] script, RestoreSelection selection, CancellationToken cancellationToken)
    {
        if (script.Length > 0)
        {
            await feed.RunAsync([.. "SET foreign_key_checks=0;\n"u8, .. script], selection.Target, cancellationToken);
        }
    }
}
