using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Larder.Engine.Configuration;

/// <summary>
/// A value that is never shown: a password, a token, a URL that may hold one. It is fetched when it is first needed, and then kept,
/// because a file or a program may be unavailable to `larder config validate` and yet be there when the backup runs.
/// </summary>
[DebuggerDisplay("***")]
public sealed class Secret
{
    private const int CharactersMax = 64 * 1024;
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(30);

    private readonly Func<CancellationToken, Task<string>> fetch;
    private string? value;

    private Secret(string key, SecretOrigin origin, string? reference, Func<CancellationToken, Task<string>> fetch)
    {
        Key = key;
        Origin = origin;
        Reference = reference;
        this.fetch = fetch;
    }

    /// <summary>The key or variable that gives it, for messages.</summary>
    public string Key { get; }

    public SecretOrigin Origin { get; }

    /// <summary>The path or the command line that gives it; null where the text itself was written.</summary>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public string? Reference { get; }

    public static Secret FromText(string key, string value) => new(key, SecretOrigin.Text, null, _ => Task.FromResult(value));

    /// <summary>The content of a file, without the line break at its end.</summary>
    public static Secret FromFile(string key, string path) => new(key, SecretOrigin.File, path, token => ReadFileAsync(key, path, token));

    /// <summary>
    /// What a command line of /bin/sh writes to its standard output, without the line break at its end. Bounded to 30 seconds.
    /// </summary>
    public static Secret FromCommand(string key, string commandLine, string workingDirectory, TimeSpan? timeout = null) =>
        new(key, SecretOrigin.Command, commandLine, token => RunAsync(key, commandLine, workingDirectory, timeout ?? CommandTimeout,
            token));

    /// <summary>The value. Fails with <see cref="ConfigurationException"/> where the file or the program does not give it.</summary>
    public async ValueTask<string> RevealAsync(CancellationToken cancellationToken)
    {
        if (value is { } known)
        {
            return known;
        }

        // Two callers at once may both fetch: the same value twice is cheaper than a lock that must be disposed.
        var fetched = await fetch(cancellationToken);
        if (fetched.Length == 0)
        {
            throw Failure(Key, $"The secret of {Key} is empty.");
        }

        return value = fetched;
    }

    public override string ToString() => "***";

    private static async Task<string> ReadFileAsync(string key, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var reader = new StreamReader(CredentialFiles.Find(path), Encoding.UTF8);
            return await ReadBoundedAsync(reader, key, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var reason = exception is UnauthorizedAccessException ? "may not be read by this user" : "cannot be read";
            if (exception is FileNotFoundException or DirectoryNotFoundException)
            {
                reason = "does not exist";
            }

            throw Failure(key, $"The secret of {key} is to come from the file {path}, which {reason}.");
        }
    }

    private static async Task<string> RunAsync(
        string key, string commandLine, string workingDirectory, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var process = new Process();
        process.StartInfo = new ProcessStartInfo("/bin/sh")
        {
            ArgumentList = { "-c", commandLine },
            WorkingDirectory = workingDirectory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var deadline = new CancellationTokenSource(timeout, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            process.Start();
            process.StandardInput.Close();
            var output = ReadBoundedAsync(process.StandardOutput, key, either.Token);
            var errors = ReadBeginningAsync(process.StandardError, either.Token);
            // A grandchild may hold the pipes open after its parent was killed, so the wait itself is bounded too.
            // The output comes first: where it is too long, the program would wait for us for ever.
            var value = await output.WaitAsync(either.Token);
            var said = (await errors.WaitAsync(either.Token)).Trim();
            await process.WaitForExitAsync(either.Token);
            if (process.ExitCode == 0)
            {
                return value;
            }

            // Its standard output may hold half a secret and is never shown; its standard error is written for people.
            throw Failure(
                key,
                $"The command that gives the secret of {key} ended with exit status {process.ExitCode}"
                + (said.Length == 0 ? "." : $": {said}"));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failure(key, $"The command that gives the secret of {key} did not end within {DurationText.Format(timeout)}.");
        }
        catch (Exception exception) when (exception is Win32Exception or IOException)
        {
            throw Failure(key, $"The command that gives the secret of {key} could not be started.");
        }
        finally
        {
            Kill(process);
        }
    }

    private static async Task<string> ReadBoundedAsync(StreamReader reader, string key, CancellationToken cancellationToken)
    {
        var buffer = new char[CharactersMax + 1];
        var length = await reader.ReadBlockAsync(buffer, cancellationToken);
        if (length > CharactersMax)
        {
            throw Failure(key, $"The secret of {key} is longer than {CharactersMax} characters.");
        }

        // One line break only: a password may end with a space, or even with an empty line.
        if (length > 0 && buffer[length - 1] == '\n')
        {
            length--;
        }

        if (length > 0 && buffer[length - 1] == '\r')
        {
            length--;
        }

        return new string(buffer, 0, length);
    }

    /// <summary>The first 500 characters; the rest is read and dropped, so that the program does not wait for us.</summary>
    private static async Task<string> ReadBeginningAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        var buffer = new char[500];
        var length = await reader.ReadBlockAsync(buffer, cancellationToken);
        var beginning = new string(buffer, 0, length);
        while (await reader.ReadBlockAsync(buffer, cancellationToken) > 0)
        {
            // Dropped.
        }

        return beginning;
    }

    private static void Kill(Process process)
    {
        try
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        catch (InvalidOperationException)
        {
            // It was never started, or is gone already.
        }
    }

    private static ConfigurationException Failure(string key, string message) =>
        new(new ConfigurationProblem { Key = key, Message = message });
}

/// <summary>How a secret was given.</summary>
public enum SecretOrigin
{
    Text,
    File,
    Command,
}
