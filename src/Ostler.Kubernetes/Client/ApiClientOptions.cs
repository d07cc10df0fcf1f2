namespace Ostler.Kubernetes.Client;

/// <summary>How the client behaves towards the API server.</summary>
public sealed record ApiClientOptions
{
    /// <summary>Who the client's writes are from, in managedFields. Default <c>ostler</c>.</summary>
    public string FieldManager { get; init; } = "ostler";

    /// <summary>
    /// How long one request may take, answer included; of a list each page, of a watch only its beginning. Default 30 s.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Asked right before each write. Null: none, as for a process that writes nothing that only a leader may.</summary>
    public IWriteFence? Fence { get; init; }

    /// <summary>Called with the Date header of every answer of the server; null: it has none. Null: nobody asks.</summary>
    public Action<DateTimeOffset?>? Answered { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
