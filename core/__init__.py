"""Everything the explorer computes. Imports torch, numpy and small libraries; never streamlit."""
