// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Stands for Arbitrum's ArbGasInfo, which is part of its node and no contract: it says what is written into its storage.
contract ArbPrices {
    uint256 private bytePrice;
    uint256 private gasPrice;
    uint256 private lowestGasPrice;

    function getPricesInWei() external view returns (uint256, uint256, uint256, uint256, uint256, uint256) {
        return (bytePrice * 140, bytePrice, gasPrice * 20_000, lowestGasPrice, gasPrice - lowestGasPrice, gasPrice);
    }
}
