using System.Runtime.CompilerServices;
using Larder.Sources.Tools;

namespace Larder.Sources.Command;

/// <summary>One run of the program.</summary>
internal sealed class CommandSession(string name, DateTimeOffset startedAt, ToolProcess process) : ISourceSession
{
    private OutputStream? output;
    private bool handedOver;

    public SourceDescription Description { get; } = new() { Engine = "command", Consistency = "output of one run" };

    public async IAsyncEnumerable<SourceEntry> ReadEntriesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        yield return new SourceEntry
        {
            Path = new EntryPath(name),
            Attributes = new EntryAttributes
            {
                Type = EntryType.File,
                ModifiedAt = new EntryTime(startedAt.ToUnixTimeSeconds(), (int)(startedAt.Ticks % TimeSpan.TicksPerSecond) * 100),
            },
            Style = ContentStyle.Dump,
            OpenContent = _ => ValueTask.FromResult<Stream>(output = new OutputStream(process.Output.AsStream(leaveOpen: false))),
        };
        handedOver = true;
        await Task.CompletedTask;
    }

    public async Task<SourceOutcome> CompleteAsync(CancellationToken cancellationToken)
    {
        if (!handedOver || output is not { IsAtEnd: true })
        {
            throw new InvalidOperationException("The output was not read to its end.");
        }
        await process.CompleteAsync(cancellationToken);
        return new SourceOutcome
        {
            Entries = [new EntryFacts { Name = name, Kind = "output", File = name, Bytes = output.BytesRead }],
            Warnings = output.BytesRead == 0 ? [new SourceWarning(name, "The command ended well but wrote nothing.")] : [],
        };
    }

    public ValueTask DisposeAsync() => process.DisposeAsync();
}
