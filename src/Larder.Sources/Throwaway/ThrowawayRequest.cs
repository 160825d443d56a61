namespace Larder.Sources.Throwaway;

/// <summary>What server a drill needs.</summary>
public sealed record ThrowawayRequest
{
    /// <summary><c>postgresql</c>, <c>mongodb</c>, <c>mysql</c>.</summary>
    public required string Engine { get; init; }

    /// <summary>The version of the server that was dumped, as the manifest has it; an older one does not take the dump.</summary>
    public string? DumpedVersion { get; init; }

    /// <summary>Where the server's programs are; null looks in the usual places.</summary>
    public string? ProgramFolder { get; init; }

    /// <summary>The folder in which the server's own is made.</summary>
    public required string ParentFolder { get; init; }
}
