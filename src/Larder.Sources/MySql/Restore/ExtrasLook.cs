namespace Larder.Sources.MySql.Restore;

/// <summary>
/// Looks whether there is anything but tables in what is exchanged, on either side: without it one RENAME TABLE is the whole exchange.
/// </summary>
internal sealed class ExtrasLook(DumpFeed feed, RestoreSelection selection, ExchangePlace place)
{
    public async Task<bool> IsWithoutAsync(CancellationToken cancellationToken) =>
        !await new LiveDatabase(feed.Connection.Client.QueryAsync, place.Database).HasExtrasAsync(place, cancellationToken)
        && await HasSameCharsetAsync(cancellationToken)
        && await HasPlainTablesAsync(cancellationToken)
        && (await ReadAfterAsync(cancellationToken)).Length == 0;

    private async Task<bool> HasSameCharsetAsync(CancellationToken cancellationToken)
    {
        if (!selection.IsWhole)
        {
            return true;
        }
        var (charset, collation) = await new LiveDatabase(feed.Connection.Client.QueryAsync, place.Database)
            .ReadCharsetAsync(cancellationToken);
        return selection.Source.Create is { } file
            && await feed.FindStatementAsync(file, "CREATE DATABASE ", cancellationToken) is { } create
            && create.Contains($"CHARACTER SET {charset} COLLATE {collation}", StringComparison.Ordinal);
    }

    /// <summary>Whether no table has foreign keys or defaults that are settled when it is live.</summary>
    private async Task<bool> HasPlainTablesAsync(CancellationToken cancellationToken)
    {
        var isPlain = true;
        foreach (var file in selection.Source.Definitions)
        {
            await foreach (var _ in feed.ReadAsync(file, Look, cancellationToken))
            {
                // Only looked at.
            }
        }
        return isPlain;

        byte[]? Look(SqlScanner scanner)
        {
            if (StatementKinds.Of(scanner.Text.Span) == StatementKind.CreateTable
                && selection.Tables.Contains(SqlText.FindName(scanner.Text.Span)!))
            {
                var definition = TableDefinition.Text(scanner.Text.Span);
                var (_, keys) = TableDefinition.TakeOutForeignKeys(definition, selection.KeysStayTo);
                isPlain &= (keys.Count == 0 || selection.NewName is not null)
                    && !(selection.IsWhole && TableDefinition.HasSequences(definition));
            }
            return null;
        }
    }

    private async Task<byte[]> ReadAfterAsync(CancellationToken cancellationToken)
    {
        var script = new AfterScript(selection, feed);
        return
        [
            .. await script.ReadAsync(AfterPart.BeforeViews, cancellationToken),
            .. await script.ReadAsync(AfterPart.Views, cancellationToken),
        ];
    }
}
