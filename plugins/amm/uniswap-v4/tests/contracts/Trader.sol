// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.26;

struct PoolKey {
    address currency0;
    address currency1;
    uint24 fee;
    int24 tickSpacing;
    address hooks;
}

struct ModifyLiquidityParams {
    int24 tickLower;
    int24 tickUpper;
    int256 liquidityDelta;
    bytes32 salt;
}

struct SwapParams {
    bool zeroForOne;
    int256 amountSpecified;
    uint160 sqrtPriceLimitX96;
}

interface PoolManager {
    function unlock(bytes calldata data) external returns (bytes memory);
    function modifyLiquidity(PoolKey memory key, ModifyLiquidityParams memory params, bytes calldata hookData)
        external
        returns (int256 callerDelta, int256 feesAccrued);
    function swap(PoolKey memory key, SwapParams memory params, bytes calldata hookData)
        external
        returns (int256 swapDelta);
    function donate(PoolKey memory key, uint256 amount0, uint256 amount1, bytes calldata hookData)
        external
        returns (int256 delta);
    function sync(address currency) external;
    function settle() external payable returns (uint256);
    function take(address currency, address to, uint256 amount) external;
    function updateDynamicLPFee(PoolKey memory key, uint24 newDynamicLPFee) external;
}

interface Erc20 {
    function transfer(address to, uint256 amount) external returns (bool);
}

/// Somebody who does everything that can be done to a pool, and asks for many quotes in one call.
contract Trader {
    PoolManager immutable manager;

    struct Ask {
        bool zeroForOne;
        int256 amountSpecified;
    }

    struct Answer {
        bool filled;
        int128 amount0;
        int128 amount1;
    }

    error Quoted(int256 delta);

    constructor(address manager_) {
        manager = PoolManager(manager_);
    }

    receive() external payable {}

    function modify(PoolKey calldata key, int24 lower, int24 upper, int256 liquidity) external {
        manager.unlock(abi.encode(0, key, abi.encode(lower, upper, liquidity)));
    }

    function swap(PoolKey calldata key, Ask calldata ask) external {
        manager.unlock(abi.encode(1, key, abi.encode(ask)));
    }

    function donate(PoolKey calldata key, uint256 amount0, uint256 amount1) external {
        manager.unlock(abi.encode(2, key, abi.encode(amount0, amount1)));
    }

    /// What swaps would do now, each on its own: they are undone.
    function quotes(PoolKey calldata key, Ask[] calldata asks) external returns (Answer[] memory answers) {
        answers = new Answer[](asks.length);
        for (uint256 n = 0; n < asks.length; n++) {
            try manager.unlock(abi.encode(3, key, abi.encode(asks[n]))) {
                revert("a quote is undone");
            } catch (bytes memory reason) {
                if (bytes4(reason) != Quoted.selector) continue;
                int256 delta;
                assembly {
                    delta := mload(add(reason, 0x24))
                }
                answers[n] = Answer(true, int128(delta >> 128), int128(delta));
            }
        }
    }

    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        (uint256 kind, PoolKey memory key, bytes memory rest) = abi.decode(data, (uint256, PoolKey, bytes));
        int256 delta;
        if (kind == 0) {
            (int24 lower, int24 upper, int256 liquidity) = abi.decode(rest, (int24, int24, int256));
            (delta,) = manager.modifyLiquidity(key, ModifyLiquidityParams(lower, upper, liquidity, 0), "");
        } else if (kind == 2) {
            (uint256 amount0, uint256 amount1) = abi.decode(rest, (uint256, uint256));
            delta = manager.donate(key, amount0, amount1, "");
        } else {
            Ask memory ask = abi.decode(rest, (Ask));
            uint160 limit = ask.zeroForOne ? 4295128740 : 1461446703485210103287273052203988822378723970341;
            delta = manager.swap(key, SwapParams(ask.zeroForOne, ask.amountSpecified, limit), "");
            if (kind == 3) revert Quoted(delta);
        }
        square(key.currency0, int128(delta >> 128));
        square(key.currency1, int128(delta));
        return "";
    }

    function square(address currency, int128 delta) private {
        if (delta > 0) {
            manager.take(currency, address(this), uint128(delta));
        } else if (delta < 0) {
            uint256 owed = uint256(-int256(delta));
            manager.sync(currency);
            if (currency == address(0)) {
                manager.settle{value: owed}();
            } else {
                Erc20(currency).transfer(address(manager), owed);
                manager.settle();
            }
        }
    }
}

/// Hooks that do nothing but set the fee, when they are told to.
contract FeeHooks {
    function set(PoolManager manager, PoolKey calldata key, uint24 fee) external {
        manager.updateDynamicLPFee(key, fee);
    }
}
