// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Stands for the OP stack's L1Block and GasPriceOracle of Isthmus and Jovian, which no npm package has: not theirs, but
/// with L1Block's storage, which the node itself reads, and the functions that tell the prices.
contract LaterPredeploy {
    uint256 private heights;
    uint256 public basefee;
    uint256 private hash;
    uint64 private sequenceNumber;
    uint32 public blobBaseFeeScalar;
    uint32 public baseFeeScalar;
    uint256 private batcher;
    uint256 public l1FeeOverhead;
    uint256 public l1FeeScalar;
    uint256 public blobBaseFee;
    uint64 public operatorFeeConstant;
    uint32 public operatorFeeScalar;
    uint256 private forks;

    function isEcotone() external pure returns (bool) {
        return true;
    }

    function isFjord() external pure returns (bool) {
        return true;
    }

    function isIsthmus() external pure returns (bool) {
        return true;
    }

    function isJovian() external view returns (bool) {
        return forks == 1;
    }
}
