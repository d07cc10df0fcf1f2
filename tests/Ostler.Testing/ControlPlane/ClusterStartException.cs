namespace Ostler.Testing.ControlPlane;

/// <summary>No cluster could be had, or the one that was found did not start. The message says what to do.</summary>
public sealed class ClusterStartException(string message, Exception? cause = null) : Exception(message, cause);
