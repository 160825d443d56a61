using System.Diagnostics;
using Larder.Sources.Tools;

namespace Larder.Sources.Throwaway;

/// <summary>
/// A private folder with a keeper: a shell in a session of its own that removes it when this process ends, however it ends.
/// </summary>
public sealed class KeptFolder : IAsyncDisposable
{
    // What was restored may have folders that their owner may not write to.
    private const string Keeper =
        """
        exec 3<&0 </dev/null
        trap : HUP INT TERM PIPE
        echo
        exec >/dev/null 2>&1
        read -r _ <&3
        rm -rf -- "$1" || { sleep 1; chmod -R u+rwx -- "$1"; rm -rf -- "$1"; }
        """;

    private readonly ThrowawayFolder folder;
    private readonly Process keeper;
    private bool disposed;

    private KeptFolder(ThrowawayFolder folder, Process keeper) => (this.folder, this.keeper) = (folder, keeper);

    public string FullPath => folder.FullPath;

    /// <summary>Fails with <see cref="SourceException"/>: <see cref="SourceError.TargetFailed"/>, <see cref="SourceError.ToolMissing"/>.</summary>
    /// <param name="parent">Where; a folder that is there.</param>
    public static async Task<KeptFolder> CreateAsync(string parent, CancellationToken cancellationToken)
    {
        var setsid = ProgramPath.Find("setsid") ?? throw new SourceException(
            SourceError.ToolMissing, "A drill needs the program setsid (package util-linux), which is not installed.");
        var folder = ThrowawayFolder.Create(parent);
        var start = new ProcessStartInfo(setsid, ["/bin/sh", "-c", Keeper, "larder-drill", folder.FullPath])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
            WorkingDirectory = "/",
        };
        KeptEngine.SetEnvironment(start);
        var kept = new KeptFolder(folder, Process.Start(start)!);
        try
        {
            await kept.keeper.StandardOutput.ReadLineAsync(cancellationToken);
            return kept;
        }
        catch
        {
            await kept.DisposeAsync();
            throw;
        }
    }

    /// <summary>The folder is gone when this completes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }
        disposed = true;
        keeper.StandardInput.Close();
        await keeper.WaitForExitAsync(CancellationToken.None);
        keeper.Dispose();
        folder.Dispose(); // Gone already, unless the keeper was killed.
    }
}
