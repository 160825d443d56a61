namespace Larder.Sources.Files;

/// <summary>Which files are backed up. The configuration's <c>files:</c> block.</summary>
public sealed record FilesSettings
{
    /// <summary>Absolute paths of folders or files. Equal ones count once, and one inside another is part of that other.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>
    /// Patterns with the meaning of lines in a .gitignore file that stands in each configured path. The last that matches decides.
    /// </summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Whether <c>.git</c> folders (and the <c>.git</c> files of work trees and submodules) are read too.</summary>
    public bool IncludeGit { get; init; }

    /// <summary>Whether what is mounted below a configured path is left out. The mount point itself is kept, empty.</summary>
    public bool OneFileSystem { get; init; }

    /// <summary>Absolute paths left out without a word, such as Larder's own repository when it lies inside.</summary>
    public IReadOnlyList<string> ExcludePaths { get; init; } = [];
}
