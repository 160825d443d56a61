namespace Larder.Testing;

/// <summary>A promise was not kept. The message says which, and with what seed or fault it can be seen again.</summary>
public sealed class TestFailedException(string message, Exception? inner = null) : Exception(message, inner);
