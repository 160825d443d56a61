using System.Text;
using Larder.Sources.Files;

namespace Larder.Engine.Verify;

/// <summary>A report as a file: whole or not there, and still there after a power cut. One that was there before is replaced.</summary>
public static class ReportFile
{
    /// <summary>What the report is called where only a folder is named.</summary>
    public const string DefaultName = "validation-report.txt";

    /// <summary>Fails with <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>; then what was there stays.</summary>
    /// <param name="path">A file, or a folder, which gets <see cref="DefaultName"/>.</param>
    /// <returns>The file that was written.</returns>
    public static string Write(string path, string text)
    {
        var full = Path.GetFullPath(path);
        var target = Directory.Exists(full) || Path.EndsInDirectorySeparator(path) ? Path.Combine(full, DefaultName) : full;
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        DurableFile.Replace(target, Encoding.UTF8.GetBytes(text));
        return target;
    }
}
