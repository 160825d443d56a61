using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Larder.Testing;

/// <summary>What to start: nothing goes through a shell, so arguments need no quoting.</summary>
public sealed record ChildCommand(string Program, params IReadOnlyList<string> Arguments)
{
    public string? WorkingFolder { get; init; }

    /// <summary>Added to the environment of the test; a null value takes a variable away.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Writes the child's standard input, which is closed afterwards. Without it the child reads an empty input.</summary>
    public Func<Stream, CancellationToken, Task>? StandardInput { get; init; }

    /// <summary>
    /// The whole run may take this long; then the child and its children are killed and <see cref="TimeoutException"/> is thrown.
    /// </summary>
    public TimeSpan Bound { get; init; } = TimeSpan.FromMinutes(5);

    public override string ToString() => $"{Path.GetFileName(Program)} {string.Join(' ', Arguments)}";
}

/// <summary>How a child ended. A kill by a signal shows as 128 + the signal's number, 137 for SIGKILL.</summary>
public sealed record ChildResult(ChildCommand Command, int ExitStatus, ReadOnlyMemory<byte> OutputBytes, string Error)
{
    public const int KilledStatus = 128 + 9;

    public string Output => Encoding.UTF8.GetString(OutputBytes.Span);

    public bool WasKilled => ExitStatus == KilledStatus;

    /// <summary>Returns this result when the status is the expected one; otherwise throws with everything the child said.</summary>
    public ChildResult Expect(int exitStatus = 0) => ExitStatus == exitStatus
        ? this
        : throw new ChildFailedException($"'{Command}' ended with status {ExitStatus} where {exitStatus} was expected.\n{Error}\n{Output}");

    public override string ToString() => $"'{Command}' ended with status {ExitStatus}.\n{Error}\n{Output}";
}

public sealed class ChildFailedException(string message) : Exception(message);

/// <summary>A running child. Its output is collected while it runs, so it never stalls on a full pipe.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly CancellationTokenSource stopping;

    private ChildProcess(Process process, ChildCommand command, CancellationToken cancellationToken)
    {
        this.process = process;
        stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stopping.CancelAfter(command.Bound);
        Completion = CompleteAsync(command, cancellationToken);
    }

    public int Id => process.Id;

    /// <summary>Ends when the child has ended and all of its output was read.</summary>
    public Task<ChildResult> Completion { get; }

    /// <exception cref="FileNotFoundException">The program is not there.</exception>
    public static ChildProcess Start(ChildCommand command, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        var start = new ProcessStartInfo(command.Program, command.Arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = command.WorkingFolder ?? "",
        };
        foreach (var (name, value) in command.Environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            return new ChildProcess(Process.Start(start)!, command, cancellationToken);
        }
        catch (Win32Exception e)
        {
            throw new FileNotFoundException($"'{command.Program}' could not be started: {e.Message}", command.Program, e);
        }
    }

    public static async Task<ChildResult> RunAsync(ChildCommand command, CancellationToken cancellationToken = default)
    {
        await using var child = Start(command, cancellationToken);
        return await child.Completion;
    }

    /// <summary>SIGKILL to the child alone: what a power cut would leave of it.</summary>
    public void Kill()
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It ended by itself in the meantime.
        }
    }

    /// <summary>Kills the child once <paramref name="delay"/> has passed, unless it ends before.</summary>
    public async Task<ChildResult> KillAfterAsync(TimeSpan delay, TimeProvider clock, CancellationToken cancellationToken = default)
    {
        await Task.WhenAny(Completion, Task.Delay(delay, clock, cancellationToken));
        Kill();
        return await Completion;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        try
        {
            await Completion;
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException)
        {
            // A test that ends early takes its child with it; what the child would have said no longer matters.
        }

        process.Dispose();
        stopping.Dispose();
    }

    private async Task<ChildResult> CompleteAsync(ChildCommand command, CancellationToken caller)
    {
        var output = new MemoryStream();
        var error = new MemoryStream();
        using var killing = stopping.Token.Register(KillTree);
        var feeding = FeedAsync(command);
        // The pipes end when the last process that holds them ends, and the kill above ends them all.
        await Task.WhenAll(
            process.StandardOutput.BaseStream.CopyToAsync(output, CancellationToken.None),
            process.StandardError.BaseStream.CopyToAsync(error, CancellationToken.None));
        await process.WaitForExitAsync(CancellationToken.None);
        await feeding;

        if (stopping.IsCancellationRequested)
        {
            caller.ThrowIfCancellationRequested();
            throw new TimeoutException($"'{command}' did not end within {command.Bound} and was killed. It said: {Text(error)}");
        }

        return new ChildResult(command, process.ExitCode, output.GetBuffer().AsMemory(0, (int)output.Length), Text(error));
    }

    private async Task FeedAsync(ChildCommand command)
    {
        try
        {
            await using var input = process.StandardInput.BaseStream;
            if (command.StandardInput is not null)
            {
                await command.StandardInput(input, stopping.Token);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The child ended or stopped listening before it had read everything: its exit status tells whether that was well.
        }
    }

    private void KillTree()
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // Some of them ended by themselves in the meantime.
        }
    }

    private static string Text(MemoryStream stream) => Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
}
