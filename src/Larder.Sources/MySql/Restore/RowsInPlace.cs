using System.Globalization;
using System.Text;
using Larder.Sources.Dumps;

namespace Larder.Sources.MySql.Restore;

/// <summary>
/// Writes rows into tables that are there, in one transaction: until its end everybody sees the old rows, and any failure leaves them.
/// </summary>
internal sealed class RowsInPlace(RestoreSelection selection, DumpRestoreRequest request, DumpFeed feed)
{
    public async Task<IReadOnlyList<EntryFacts>> RestoreAsync(CancellationToken cancellationToken)
    {
        var entries = new List<EntryFacts>();
        await using var script = feed.Connection.Client.Open(
            selection.Target, hasAnswer: true, feed.Connection.Tools.ClientHasSandbox);
        using var answers = new StreamReader(script.Answer, Encoding.UTF8, leaveOpen: true);
        await SayAsync("SET autocommit=0, foreign_key_checks=0;\n");
        foreach (var table in selection.Tables)
        {
            await SayAsync($"DELETE FROM {SqlText.Quote(table)};\n");
            var fed = await feed.WriteRowsAsync(selection.Source.Rows[table], script, cancellationToken);
            await SayAsync($"SELECT COUNT(*) FROM {SqlText.Quote(table)};\n");
            if (await answers.ReadLineAsync(cancellationToken) is not { } count)
            {
                await script.CompleteAsync(cancellationToken); // Says why the client ended.
                throw new SourceException(SourceError.ToolFailed, "The client ended before it had answered.");
            }
            var facts = RestoredFacts.Make(selection, table, fed with { Rows = long.Parse(count, CultureInfo.InvariantCulture) });
            RestoredFacts.Compare(facts, fed, request.Recorded);
            entries.Add(facts);
        }
        await SayAsync("COMMIT;\n");
        await script.CompleteAsync(cancellationToken);
        return entries;

        ValueTask SayAsync(string sql) => script.WriteAsync(Encoding.UTF8.GetBytes(sql), cancellationToken);
    }
}
