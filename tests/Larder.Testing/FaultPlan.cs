namespace Larder.Testing;

/// <summary>The ways in which a storage fails.</summary>
public enum FaultKind
{
    /// <summary>The operation fails and has no effect. Strikes any operation.</summary>
    Error,

    /// <summary>The operation takes effect and then fails; a listing breaks off. Strikes any operation.</summary>
    LostAnswer,

    /// <summary>The content of a put breaks off on the way, so that the inner storage has a fragment to clear away. Strikes puts.</summary>
    ShortWrite,

    /// <summary>The storage is full: this put and every later one fails. Strikes puts.</summary>
    FullDisk,

    /// <summary>One bit of what a read returns is wrong, once. Strikes reads that return something.</summary>
    BitFlip,
}

/// <summary>One fault.</summary>
/// <param name="Kind">What goes wrong.</param>
/// <param name="Operation">At which of the operations that it can strike, counted from 1; 0 for never.</param>
/// <param name="Seed">Decides where a content breaks off and which bit flips.</param>
public sealed record FaultPlan(FaultKind Kind, int Operation, int Seed)
{
    public static FaultPlan None { get; } = new(FaultKind.Error, 0, 0);

    public override string ToString() => $"{Kind} at operation {Operation} (seed {Seed})";
}
