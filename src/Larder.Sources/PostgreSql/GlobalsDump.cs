using Larder.Sources.Tools;

namespace Larder.Sources.PostgreSql;

/// <summary>One run of <c>pg_dumpall --globals-only</c>: SQL for psql, handed over as it comes.</summary>
internal sealed class GlobalsDump : IAsyncDisposable
{
    private readonly ToolProcess process;
    private readonly PostgreSqlFailures failures;
    private readonly TimeProvider clock;
    private readonly long startedAt;
    private OutputStream? output;

    private GlobalsDump(ToolProcess process, PostgreSqlFailures failures, TimeProvider clock)
    {
        this.process = process;
        this.failures = failures;
        this.clock = clock;
        startedAt = clock.GetTimestamp();
    }

    public static GlobalsDump Start(ToolStart start, PostgreSqlFailures failures, TimeProvider clock) =>
        new(ToolProcess.Start(start, clock), failures, clock);

    public Stream Open() => output = new OutputStream(process.Output.AsStream(leaveOpen: false));

    /// <summary>Asks the exit status. Fails with <see cref="SourceException"/>.</summary>
    public async Task<EntryFacts> CompleteAsync(CancellationToken cancellationToken)
    {
        if (output is not { IsAtEnd: true })
        {
            throw new InvalidOperationException("The roles were not read to their end.");
        }
        await failures.CompleteAsync(process, cancellationToken);
        return new EntryFacts
        {
            Name = "globals",
            Kind = "globals",
            File = DatabaseFolder.GlobalsFile,
            Bytes = output.BytesRead,
            Duration = clock.GetElapsedTime(startedAt),
        };
    }

    public ValueTask DisposeAsync() => process.DisposeAsync();
}
