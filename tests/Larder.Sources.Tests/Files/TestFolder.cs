using System.Diagnostics;
using System.Text;

namespace Larder.Sources.Tests.Files;

/// <summary>A temporary folder, removed afterwards, and the shell to fill it with what .NET cannot make.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("larder-files-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Where the folder's content lies inside a files source.</summary>
    public string Inside => Path[1..];

    public string Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], text);
        return this[name];
    }

    /// <summary>Runs a bash script in the folder and returns its output, one char per byte; fails where the script does.</summary>
    public async Task<string> ShellAsync(string script, byte[]? input = null)
    {
        var start = new ProcessStartInfo("bash")
        {
            ArgumentList = { "-euo", "pipefail", "-c", script },
            WorkingDirectory = Path,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.Latin1,
            UseShellExecute = false,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.BaseStream.WriteAsync(input ?? []);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"The script ended with {process.ExitCode}: {script}\n{await errors}");
        return await output;
    }

    public void Dispose()
    {
        using var removal = Process.Start("rm", ["-rf", "--one-file-system", Path]);
        removal.WaitForExit();
    }
}
