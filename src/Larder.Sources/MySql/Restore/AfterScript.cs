using System.Text;

namespace Larder.Sources.MySql.Restore;

/// <summary>What <c>4-after.sql</c> of one database makes, as scripts for the database that it is restored to.</summary>
internal sealed class AfterScript(RestoreSelection selection, DumpFeed feed)
{
    /// <summary>One part as a script; empty where it makes nothing.</summary>
    public async Task<byte[]> ReadAsync(AfterPart part, CancellationToken cancellationToken)
    {
        if (Skips(part))
        {
            return [];
        }
        using var script = new ScriptBuilder(selection.Target, part);
        await foreach (var _ in feed.ReadAsync(selection.Source.After!, Take, cancellationToken))
        {
            // It is gathered by the builder.
        }
        return script.Complete();

        byte[]? Take(SqlScanner scanner)
        {
            var made = AfterStatement.Of(scanner.Text.Span);
            if (Moved(scanner.Text.Span, made, selection.Target) is { } text)
            {
                script.Add(text, made, scanner.Delimiter);
            }
            return null;
        }
    }

    /// <summary>
    /// Makes one part in the database beside, so that what the server would refuse is known before anything was touched. Events are left
    /// out: they would begin to run. So are views that name a database of this restore, which is not there yet; their placeholders stand
    /// for them. The server names databases in a view that looks into more than one.
    /// </summary>
    /// <param name="live">The live databases of this restore.</param>
    public async Task RehearseAsync(AfterPart part, string beside, IReadOnlyList<string> live, CancellationToken cancellationToken)
    {
        if (Skips(part))
        {
            return;
        }
        var choice = new AfterChoice(part);
        await feed.RunAsync(selection.Source.After!, beside, cancellationToken, scanner =>
        {
            var made = AfterStatement.Of(scanner.Text.Span);
            var taken = Moved(scanner.Text.Span, made, beside) is { } text ? choice.Take(text, made, scanner.Delimiter) : null;
            return taken is null || made.Kind == "EVENT" || LooksElsewhere(made, taken, live) ? null : taken;
        });
    }

    /// <summary>The same statement with another name where the first stands.</summary>
    public static string WithDatabase(string statement, string database)
    {
        var from = statement.IndexOf('`', StringComparison.Ordinal);
        var bytes = Encoding.UTF8.GetBytes(statement[from..]);
        _ = SqlText.ReadName(bytes, out var length);
        return statement[..from] + SqlText.Quote(database) + Encoding.UTF8.GetString(bytes.AsSpan(length));
    }

    // A table under another name goes without its triggers.
    private bool Skips(AfterPart part) =>
        selection.Source.After is null || selection.NewName is not null || (part == AfterPart.Views && !selection.IsWhole);

    /// <summary>A statement as it must be said in another database; null where it is not of what is restored.</summary>
    private byte[]? Moved(ReadOnlySpan<byte> text, AfterStatement made, string database)
    {
        if (!selection.IsWhole && !made.IsSettingOrTriggerOf(selection.Tables))
        {
            return null;
        }
        if (SqlText.StartsWord(SqlText.SkipConditional(text), "ALTER DATABASE "u8))
        {
            return Encoding.UTF8.GetBytes(WithDatabase(Encoding.UTF8.GetString(text), database));
        }
        return database == selection.Source.Name ? text.ToArray() : made.Kind switch
        {
            "TRIGGER" => AfterStatement.MoveTrigger(text),
            "VIEW" when !made.IsPlaceholder && selection.Target != selection.Source.Name =>
                AfterStatement.MoveView(text, selection.Source.Name, selection.Target),
            _ => text.ToArray(),
        };
    }

    /// <summary>
    /// Whether a view names a database that is restored. An alias of the same name is taken for the database, and then the view is only
    /// not rehearsed.
    /// </summary>
    private static bool LooksElsewhere(AfterStatement made, ReadOnlySpan<byte> text, IReadOnlyList<string> live)
    {
        if (made.Kind == "VIEW" && !made.IsPlaceholder)
        {
            foreach (var other in live)
            {
                if (text.IndexOf(Encoding.UTF8.GetBytes(SqlText.Quote(other) + ".")) >= 0)
                {
                    return true;
                }
            }
        }
        return false;
    }
}
