namespace Ostler.Controller.OSImages.Registry;

/// <summary>
/// The right to hold large content in memory, which one image has at a time. Content up to <see cref="RegistryOptions.SmallBytes"/> needs
/// none, so that a registry
/// with large content holds up only others like it. Without it, a few hostile registries together could exceed the memory of the pod.
/// </summary>
internal sealed class LargeContentLease : IDisposable
{
    private static readonly SemaphoreSlim Gate = new(1);

    public bool IsHeld { get; private set; }

    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        if (!IsHeld)
        {
            await Gate.WaitAsync(cancellationToken);
            IsHeld = true;
        }
    }

    public void Dispose()
    {
        if (IsHeld)
        {
            IsHeld = false;
            Gate.Release();
        }
    }
}

/// <summary>
/// The content is larger than may be read without a <see cref="LargeContentLease"/>. Not a failure: the request is sent again with one.
/// </summary>
internal sealed class LargeContentException : Exception;
