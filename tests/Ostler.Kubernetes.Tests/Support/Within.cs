namespace Ostler.Kubernetes.Tests.Support;

/// <summary>The patience of a test with real I/O.</summary>
internal static class Within
{
    /// <summary>Cancelled 30 s from now, or with the test.</summary>
    public static CancellationToken Deadline
    {
        get
        {
            var source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            source.CancelAfter(TimeSpan.FromSeconds(30));
            return source.Token;
        }
    }
}
