using System.Diagnostics;
using System.Text;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>
/// Commit and branch of a git work tree, read from its files. The git program is not asked for these: it may be missing, and it refuses
/// folders that belong to somebody else.
/// </summary>
internal sealed class GitWorkTree
{
    private static readonly TimeSpan DirtyTimeLimit = TimeSpan.FromSeconds(5);

    private readonly string folder;

    private GitWorkTree(string folder, string? commit, string? branch)
    {
        this.folder = folder;
        Commit = commit;
        Branch = branch;
    }

    /// <summary>40 or 64 hex digits; null before the first commit.</summary>
    public string? Commit { get; }

    /// <summary>Null when HEAD is detached.</summary>
    public string? Branch { get; }

    /// <summary>The work tree that holds the first of the paths that lies in one; null where none does.</summary>
    public static GitWorkTree? Find(IEnumerable<string> paths)
    {
        foreach (var path in paths)
        {
            for (var place = PathPlan.Normalize(path); place is not null; place = Path.GetDirectoryName(place))
            {
                if (Read(place) is { } found)
                {
                    return found;
                }
            }
        }
        return null;
    }

    /// <summary>
    /// Whether the work tree has changes or new files that the commit does not hold. Null where git is missing, refuses the folder or takes
    /// longer than 5 s. Git's refusal to work in folders of other users stands: a repository's configuration can name programs to be run.
    /// </summary>
    public async Task<bool?> IsDirtyAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("git")
        {
            ArgumentList = { "-C", folder, "--no-optional-locks", "-c", "core.fsmonitor=false", "status", "--porcelain" },
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var timeLimit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeLimit.CancelAfter(DirtyTimeLimit);
        Process? process = null;
        try
        {
            process = Process.Start(start)!;
            process.StandardInput.Close();
            var errors = process.StandardError.BaseStream.CopyToAsync(Stream.Null, timeLimit.Token);
            var first = new byte[1];
            var isDirty = await process.StandardOutput.BaseStream.ReadAsync(first, timeLimit.Token) > 0;
            await process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, timeLimit.Token);
            await errors;
            await process.WaitForExitAsync(timeLimit.Token);
            return process.ExitCode == 0 ? isDirty : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // Git is not installed.
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            if (process is { HasExited: false })
            {
                process.Kill(entireProcessTree: true);
            }
            process?.Dispose();
        }
    }

    private static GitWorkTree? Read(string place)
    {
        var gitFolder = Path.Combine(place, ".git");
        if (ReadText(gitFolder) is { } pointer)
        {
            // A linked work tree or a submodule: the file names the real folder.
            const string key = "gitdir:";
            if (!pointer.StartsWith(key, StringComparison.Ordinal))
            {
                return null;
            }
            gitFolder = Path.Combine(place, pointer[key.Length..].Trim());
        }
        if (ReadText(Path.Combine(gitFolder, "HEAD"))?.Trim() is not { } head)
        {
            return null;
        }

        // Branches of a linked work tree lie in the repository that it was made from.
        var common = ReadText(Path.Combine(gitFolder, "commondir"))?.Trim();
        var commonFolder = common is null ? gitFolder : Path.Combine(gitFolder, common);
        string? branch = null;
        for (var depth = 0; depth < 5 && ReferenceOf(head) is { } reference; depth++)
        {
            const string branches = "refs/heads/";
            branch ??= reference.StartsWith(branches, StringComparison.Ordinal) ? reference[branches.Length..] : null;
            head = ReadText(Path.Combine(gitFolder, reference))?.Trim()
                ?? ReadText(Path.Combine(commonFolder, reference))?.Trim()
                ?? PackedReference(commonFolder, reference)
                ?? "";
        }
        return new GitWorkTree(place, IsCommit(head) ? head : null, branch);
    }

    private static string? ReferenceOf(string head)
    {
        const string key = "ref:";
        if (!head.StartsWith(key, StringComparison.Ordinal))
        {
            return null;
        }
        var reference = head[key.Length..].Trim();
        return reference.StartsWith("refs/", StringComparison.Ordinal) && !reference.Split('/').Contains("..", StringComparer.Ordinal)
            ? reference : null;
    }

    private static string? PackedReference(string commonFolder, string reference) =>
        ReadText(Path.Combine(commonFolder, "packed-refs"))?.Split('\n')
            .Where(line => line.Length > reference.Length && line.EndsWith(reference, StringComparison.Ordinal))
            .Select(line => line[..^reference.Length])
            .FirstOrDefault(rest => rest.EndsWith(' ') && IsCommit(rest[..^1]))?[..^1];

    private static bool IsCommit(string text) => text.Length is 40 or 64 && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Null for what is no regular file, cannot be read or is unreasonably large: somebody else may have put it there.</summary>
    private static string? ReadText(string path)
    {
        const ulong bytesMax = 64 << 20; // A packed-refs of a million branches.
        var name = LibcFiles.Terminate(Encoding.UTF8.GetBytes(path));
        using var descriptor = new LibcDescriptor(LibcFiles.Open(Libc.AtFdCwd, name, Libc.OpenNonBlocking));
        if (descriptor.IsInvalid || LibcFiles.Stat(descriptor.Number, out var look) != 0 || !look.IsFile || look.Size > bytesMax)
        {
            return null;
        }
        var bytes = new byte[look.Size];
        var used = 0;
        int read;
        while (used < bytes.Length && (read = LibcFiles.Read(descriptor.Number, bytes.AsSpan(used))) > 0)
        {
            used += read;
        }
        return Encoding.UTF8.GetString(bytes, 0, used);
    }
}
