using Larder.Engine.Servers;

namespace Larder.Engine.Restore;

/// <summary>Where one source goes.</summary>
internal abstract record Destination;

/// <summary>Back to where it came from, on this machine.</summary>
internal sealed record InPlace : Destination;

/// <param name="Path">Absolute; a "/" at its end says that it is a folder.</param>
internal sealed record PathDestination(string Path) : Destination;

internal sealed record ServerDestination(ServerTarget Target) : Destination;

/// <param name="Reason">A whole sentence.</param>
internal sealed record RefusedDestination(string Reason) : Destination;
